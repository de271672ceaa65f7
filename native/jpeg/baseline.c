#include "baseline.h"

#include <stdlib.h>
#include <string.h>

int jpeg_baseline_fits(const struct jpeg_decompress_struct *decoder) {
    if (decoder->progressive_mode || decoder->arith_code || decoder->comps_in_scan != decoder->num_components) {
        return 0;
    }
    if (decoder->Ss != 0 || decoder->Se != DCTSIZE2 - 1 || decoder->Ah != 0 || decoder->Al != 0) {
        return 0; /* nonsense in a sequential scan; libjpeg warns */
    }
    int blocks = 0;
    for (int i = 0; i < decoder->comps_in_scan; i++) {
        const jpeg_component_info *component = decoder->cur_comp_info[i];
        blocks += component->h_samp_factor * component->v_samp_factor;
        if (component != &decoder->comp_info[i] || (unsigned)component->quant_tbl_no >= NUM_QUANT_TBLS ||
            component->dc_tbl_no > 1 || component->ac_tbl_no > 1 ||
            decoder->dc_huff_tbl_ptrs[component->dc_tbl_no] == NULL ||
            decoder->ac_huff_tbl_ptrs[component->ac_tbl_no] == NULL ||
            decoder->quant_tbl_ptrs[component->quant_tbl_no] == NULL) {
            return 0;
        }
        const UINT16 *quantiser = decoder->quant_tbl_ptrs[component->quant_tbl_no]->quantval;
        for (int k = 0; k < DCTSIZE2; k++) {
            if (quantiser[k] > INT16_MAX) {
                return 0;
            }
        }
    }
    /* More blocks no MCU may have (T.81, B.2.3). */
    return blocks <= D_MAX_BLOCKS_IN_MCU && decoder->src->bytes_in_buffer > 0;
}

int jpeg_baseline_has_size(int size) {
    return size == 8 || size == 4 || (size >= 1 && size <= 3);
}

/* Of a dequantised DC value, well beyond 8 * 255: see PIXELSHIFT_IDCT_LIMIT. */
enum { DC_LIMIT = 4095 };

/* Up to this zigzag position there are only the first 4 coefficients of the first 4 rows. */
enum { CORNER_LAST = 9 };

/* Sizes up to this are transformed a row of blocks at a time, from as many coefficients as there are samples. */
enum { SMALL_SIZE = 3 };

/* The zigzag position of the last coefficient that matters. */
static const size_t NEEDED[SMALL_SIZE + 1] = {[1] = 0, [2] = 4, [3] = 12};

static int build_tables(jpeg_baseline *baseline, const struct jpeg_decompress_struct *decoder) {
    int dc_built = 0, ac_built = 0;
    for (int i = 0; i < baseline->components; i++) {
        const jpeg_component_info *component = &decoder->comp_info[i];
        int dc = component->dc_tbl_no, ac = component->ac_tbl_no;
        if (!(dc_built >> dc & 1) && !entropy_dc_table_build(&baseline->dc[dc], decoder->dc_huff_tbl_ptrs[dc])) {
            return 0;
        }
        if (!(ac_built >> ac & 1) && !entropy_ac_table_build(&baseline->ac[ac], decoder->ac_huff_tbl_ptrs[ac])) {
            return 0;
        }
        dc_built |= 1 << dc;
        ac_built |= 1 << ac;
    }
    return 1;
}

static void fill_rules(jpeg_baseline_component *component, const jpeg_baseline *baseline,
                       const struct jpeg_decompress_struct *decoder, int index) {
    const jpeg_component_info *from = &decoder->comp_info[index];
    const UINT16 *table = decoder->quant_tbl_ptrs[from->quant_tbl_no]->quantval; /* rows first */
    entropy_rules *rules = &component->rules;
    rules->dc = &baseline->dc[from->dc_tbl_no];
    rules->ac = &baseline->ac[from->ac_tbl_no];
    rules->dc_limit = table[0] > 0 ? DC_LIMIT / table[0] : DC_LIMIT;
    for (int k = 0; k < DCTSIZE2; k++) {
        rules->quantiser[k] = table[entropy_rows_first[k]];
        component->quantiser[k] = (int16_t)table[k];
    }
}

/* Where the coefficients that matter go: into one array for each. */
static void place_coefficients(jpeg_baseline_component *component) {
    for (int k = 0; k < ENTROPY_POSITIONS; k++) {
        int at = entropy_rows_first[k], v = at / DCTSIZE, u = at % DCTSIZE;
        int size = component->size, wanted = v < size && u < size;
        component->rules.place[k] = (uint32_t)((size_t)(wanted ? size * v + u : size * size) * component->stride);
    }
}

static int open_component(jpeg_baseline *baseline, const struct jpeg_decompress_struct *decoder, int index, int size,
                          const pixelshift_idct_kernels_table *kernels) {
    const jpeg_component_info *from = &decoder->comp_info[index];
    jpeg_baseline_component *to = &baseline->component[index];
    const pixelshift_idct_row small[SMALL_SIZE + 1] = {NULL, kernels->row_to_1, kernels->row_to_2, kernels->row_to_3};
    to->blocks_across = from->h_samp_factor;
    to->blocks_down = from->v_samp_factor;
    to->size = size;
    to->stride = (size_t)baseline->mcus_across * (size_t)to->blocks_across;
    to->last_block = (int)to->stride;
    to->bottom = INT32_MAX;
    fill_rules(to, baseline, decoder, index);
    if (size > SMALL_SIZE) {
        to->idct = size == 8 ? kernels->to_8 : kernels->to_4;
        to->corner = size == 8 ? kernels->corner_to_8 : kernels->to_4;
        return 1;
    }
    to->idct_row = small[size];
    to->rules.needed = NEEDED[size];
    place_coefficients(to);
    to->planes = (size_t)(size * size + 1);
    to->coefficients = malloc((size_t)to->blocks_down * to->planes * to->stride * sizeof *to->coefficients);
    return to->coefficients != NULL;
}

static void list_units(jpeg_baseline *baseline) {
    entropy_mcu *mcu = &baseline->mcu;
    for (int i = 0; i < baseline->components; i++) {
        const jpeg_baseline_component *component = &baseline->component[i];
        for (int block = 0; block < component->blocks_across * component->blocks_down; block++) {
            mcu->unit[mcu->units++] =
                (entropy_unit){component->rules.dc, component->rules.ac, i, component->rules.dc_limit};
        }
    }
}

static pixelshift_engine_status open_all(jpeg_baseline *baseline, const struct jpeg_decompress_struct *decoder,
                                         const int *sizes, pixelshift_cpu_level level) {
    if (!build_tables(baseline, decoder)) {
        return PIXELSHIFT_ENGINE_DAMAGED;
    }
    for (int i = 0; i < baseline->components; i++) {
        if (!open_component(baseline, decoder, i, sizes[i], pixelshift_idct_kernels(level))) {
            return PIXELSHIFT_ENGINE_NO_MEMORY;
        }
    }
    return PIXELSHIFT_ENGINE_OK;
}

jpeg_baseline *jpeg_baseline_new(const struct jpeg_decompress_struct *decoder,
                                 const int sizes[JPEG_BASELINE_COMPONENTS], pixelshift_cpu_level level,
                                 pixelshift_engine_status *status) {
    *status = PIXELSHIFT_ENGINE_NO_MEMORY;
    jpeg_baseline *baseline = calloc(1, sizeof *baseline);
    if (baseline == NULL) {
        return NULL;
    }
    baseline->components = decoder->num_components;
    int mcu_width = DCTSIZE * decoder->max_h_samp_factor;
    baseline->mcus_across = ((int)decoder->image_width + mcu_width - 1) / mcu_width;
    baseline->entropy = entropy_decoder_of(level);
    baseline->restart_interval = (int)decoder->restart_interval;
    baseline->until_restart = baseline->restart_interval;
    *status = open_all(baseline, decoder, sizes, level);
    if (*status != PIXELSHIFT_ENGINE_OK) {
        jpeg_baseline_free(baseline);
        return NULL;
    }
    const uint8_t *data = decoder->src->next_input_byte;
    list_units(baseline);
    entropy_reader_start(&baseline->reader, data, data + decoder->src->bytes_in_buffer);
    return baseline;
}

void jpeg_baseline_free(jpeg_baseline *baseline) {
    if (baseline == NULL) {
        return;
    }
    for (int i = 0; i < baseline->components; i++) {
        free(baseline->component[i].coefficients);
    }
    free(baseline);
}

void jpeg_baseline_look_at(jpeg_baseline *baseline, int index, int left, int top, int right, int bottom) {
    jpeg_baseline_component *component = &baseline->component[index];
    component->first_block = left / component->size;
    component->last_block = (right + component->size - 1) / component->size;
    component->top = top;
    component->bottom = bottom;
}

static int restart(jpeg_baseline *baseline) {
    if (!entropy_reader_restart(&baseline->reader, baseline->restarts++ & 7)) {
        return 0;
    }
    baseline->until_restart = baseline->restart_interval;
    memset(baseline->prediction, 0, sizeof baseline->prediction);
    return 1;
}

static void fill_flat(uint8_t *to, ptrdiff_t stride, int size, int level) {
    int value = ((level + 4) >> 3) + 128;
    value = value < 0 ? 0 : value > 255 ? 255 : value;
    for (int y = 0; y < size; y++) {
        memset(to + y * stride, value, (size_t)size);
    }
}

/* Whether any sample row of the block row that many rows down the MCU is looked at. */
static int looks_at_row(const jpeg_baseline_component *component, int y) {
    int from = component->row + y * component->size;
    return from < component->bottom && from + component->size > component->top;
}

static int decode_full(jpeg_baseline *baseline, jpeg_baseline_component *component, int32_t *prediction, uint8_t *to,
                       ptrdiff_t stride) {
    _Alignas(32) int16_t block[ENTROPY_ROOM];
    int last = baseline->entropy->all(&baseline->reader, block, &component->rules, prediction);
    if (last > 0) {
        pixelshift_idct idct = last <= CORNER_LAST ? component->corner : component->idct;
        return idct(to, stride, block, component->quantiser);
    }
    if (last == 0) {
        fill_flat(to, stride, component->size, block[0] * component->quantiser[0]);
    }
    return last == 0;
}

static int gather(jpeg_baseline *baseline, jpeg_baseline_component *component, int32_t *prediction, int16_t *to) {
    return baseline->entropy->some(&baseline->reader, to, &component->rules, prediction) >= 0;
}

/* The blocks of one component in one MCU. */
static int decode_blocks(jpeg_baseline *baseline, int index, int mcu, uint8_t *rows, ptrdiff_t stride) {
    jpeg_baseline_component *component = &baseline->component[index];
    int32_t *prediction = &baseline->prediction[index];
    for (int y = 0; y < component->blocks_down; y++) {
        for (int x = 0; x < component->blocks_across; x++) {
            int at = mcu * component->blocks_across + x, done;
            if (component->idct_row != NULL) {
                int16_t *to = component->coefficients + (size_t)y * component->planes * component->stride + at;
                done = gather(baseline, component, prediction, to);
            } else {
                uint8_t *to = rows + y * component->size * stride + (ptrdiff_t)at * component->size;
                done = decode_full(baseline, component, prediction, to, stride);
            }
            if (!done) {
                return 0;
            }
        }
    }
    return 1;
}

/* Before an MCU: true when there is none between restarts, or the next interval has begun. */
static int enter_interval(jpeg_baseline *baseline) {
    return baseline->restart_interval == 0 || baseline->until_restart > 0 || restart(baseline);
}

static int pass(jpeg_baseline *baseline, int count) {
    while (count > 0) {
        if (!enter_interval(baseline)) {
            return 0;
        }
        int most = baseline->restart_interval > 0 && baseline->until_restart < count ? baseline->until_restart : count;
        if (!baseline->entropy->pass(&baseline->reader, &baseline->mcu, most, baseline->prediction)) {
            return 0;
        }
        baseline->until_restart -= most;
        count -= most;
    }
    return 1;
}

typedef struct {
    int first, end;
} span;

/* Which MCUs of this row are looked at. */
static span looked_at(const jpeg_baseline *baseline) {
    span mcus = {baseline->mcus_across, 0};
    for (int i = 0; i < baseline->components; i++) {
        const jpeg_baseline_component *component = &baseline->component[i];
        int across = component->blocks_across;
        int first = component->first_block / across, end = (component->last_block + across - 1) / across;
        for (int y = 0; y < component->blocks_down; y++) {
            if (looks_at_row(component, y)) {
                mcus.first = first < mcus.first ? first : mcus.first;
                mcus.end = end > mcus.end ? end : mcus.end;
            }
        }
    }
    return mcus.first < mcus.end ? mcus : (span){baseline->mcus_across, baseline->mcus_across};
}

static int decode_mcus(jpeg_baseline *baseline, uint8_t *const *rows, const ptrdiff_t *strides) {
    span mcus = looked_at(baseline);
    if (!pass(baseline, mcus.first)) {
        return 0;
    }
    for (int mcu = mcus.first; mcu < mcus.end; mcu++) {
        if (!enter_interval(baseline)) {
            return 0;
        }
        baseline->until_restart--;
        for (int i = 0; i < baseline->components; i++) {
            if (!decode_blocks(baseline, i, mcu, rows[i], strides[i])) {
                return 0;
            }
        }
    }
    return pass(baseline, baseline->mcus_across - mcus.end);
}

/* Transforms what was gathered of a component whose blocks become few samples. */
static void transform_rows(const jpeg_baseline_component *component, uint8_t *rows, ptrdiff_t stride) {
    size_t first = (size_t)component->first_block, count = (size_t)component->last_block - first;
    for (int y = 0; y < component->blocks_down; y++) {
        if (looks_at_row(component, y)) {
            const int16_t *from = component->coefficients + (size_t)y * component->planes * component->stride + first;
            component->idct_row(rows + y * component->size * stride + (ptrdiff_t)first * component->size, stride, from,
                                component->stride, count);
        }
    }
}

int jpeg_baseline_read(jpeg_baseline *baseline, uint8_t *const rows[JPEG_BASELINE_COMPONENTS],
                       const ptrdiff_t strides[JPEG_BASELINE_COMPONENTS]) {
    for (int i = 0; i < baseline->components; i++) {
        const jpeg_baseline_component *component = &baseline->component[i];
        if (component->idct_row != NULL) {
            size_t count = (size_t)component->blocks_down * component->planes * component->stride;
            memset(component->coefficients, 0, count * sizeof *component->coefficients);
        }
    }
    if (!decode_mcus(baseline, rows, strides)) {
        return 0;
    }
    for (int i = 0; i < baseline->components; i++) {
        jpeg_baseline_component *component = &baseline->component[i];
        if (component->idct_row != NULL) {
            transform_rows(component, rows[i], strides[i]);
        }
        component->row += component->blocks_down * component->size;
    }
    return !entropy_reader_runs_out(&baseline->reader);
}
