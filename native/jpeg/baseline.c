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
    if (decoder->num_components == 1 && decoder->max_h_samp_factor * decoder->max_v_samp_factor != 1) {
        return 0; /* such a scan has one block per MCU all the same (T.81, A.2.2); rare, left to libjpeg */
    }
    for (int i = 0; i < decoder->comps_in_scan; i++) {
        const jpeg_component_info *component = decoder->cur_comp_info[i];
        if (component != &decoder->comp_info[i] || (unsigned)component->quant_tbl_no >= NUM_QUANT_TBLS ||
            component->dc_tbl_no > 1 || component->ac_tbl_no > 1 ||
            decoder->dc_huff_tbl_ptrs[component->dc_tbl_no] == NULL ||
            decoder->ac_huff_tbl_ptrs[component->ac_tbl_no] == NULL ||
            decoder->quant_tbl_ptrs[component->quant_tbl_no] == NULL) {
            return 0;
        }
    }
    return decoder->src->bytes_in_buffer > 0;
}

static pixelshift_idct idct_of_size(const pixelshift_idct_kernels_table *kernels, int size) {
    switch (size) {
    case 8:
        return kernels->to_8;
    case 4:
        return kernels->to_4;
    case 2:
        return kernels->to_2;
    default:
        return kernels->to_1;
    }
}

static int build_tables(jpeg_baseline *baseline, const struct jpeg_decompress_struct *decoder) {
    for (int i = 0; i < baseline->components; i++) {
        const jpeg_component_info *component = &decoder->comp_info[i];
        if (!entropy_table_build(&baseline->dc[component->dc_tbl_no], decoder->dc_huff_tbl_ptrs[component->dc_tbl_no],
                                 1) ||
            !entropy_table_build(&baseline->ac[component->ac_tbl_no], decoder->ac_huff_tbl_ptrs[component->ac_tbl_no],
                                 0)) {
            return 0;
        }
    }
    return 1;
}

static void fill_component(jpeg_baseline_component *to, const struct jpeg_decompress_struct *decoder, int index,
                           const pixelshift_idct_kernels_table *kernels) {
    const jpeg_component_info *from = &decoder->comp_info[index];
    to->blocks_across = from->h_samp_factor;
    to->blocks_down = from->v_samp_factor;
    to->size = from->DCT_scaled_size;
    to->idct = idct_of_size(kernels, to->size);
    to->dc = from->dc_tbl_no;
    to->ac = from->ac_tbl_no;
    const JQUANT_TBL *table = decoder->quant_tbl_ptrs[from->quant_tbl_no];
    for (int k = 0; k < DCTSIZE2; k++) {
        to->quantiser[k] = table->quantval[entropy_rows_first[k]];
    }
}

jpeg_baseline *jpeg_baseline_new(const struct jpeg_decompress_struct *decoder, pixelshift_cpu_level level) {
    jpeg_baseline *baseline = calloc(1, sizeof *baseline);
    if (baseline == NULL) {
        return NULL;
    }
    baseline->components = decoder->num_components;
    if (!build_tables(baseline, decoder)) {
        free(baseline);
        return NULL;
    }
    int mcu_width = DCTSIZE * decoder->max_h_samp_factor;
    baseline->mcus_across = ((int)decoder->image_width + mcu_width - 1) / mcu_width;
    int mcu_height = DCTSIZE * decoder->max_v_samp_factor;
    baseline->rows_left = ((int)decoder->image_height + mcu_height - 1) / mcu_height;
    baseline->decode = entropy_decoder(level);
    baseline->restart_interval = (int)decoder->restart_interval;
    baseline->until_restart = baseline->restart_interval;
    for (int i = 0; i < baseline->components; i++) {
        fill_component(&baseline->component[i], decoder, i, pixelshift_idct_kernels(level));
    }
    const uint8_t *data = decoder->src->next_input_byte;
    entropy_reader_start(&baseline->reader, data, data + decoder->src->bytes_in_buffer);
    return baseline;
}

static int restart(jpeg_baseline *baseline) {
    if (!entropy_reader_restart(&baseline->reader, baseline->restarts++ & 7)) {
        return 0;
    }
    baseline->until_restart = baseline->restart_interval;
    for (int i = 0; i < baseline->components; i++) {
        baseline->component[i].prediction = 0;
    }
    return 1;
}

static void fill_flat(uint8_t *to, ptrdiff_t stride, int size, int level) {
    int value = ((level + 4) >> 3) + 128;
    value = value < 0 ? 0 : value > 255 ? 255 : value;
    for (int y = 0; y < size; y++) {
        memset(to + y * stride, value, (size_t)size);
    }
}

static int decode_mcu(jpeg_baseline *baseline, int mcu, uint8_t *const rows[3], const ptrdiff_t strides[3]) {
    _Alignas(32) int16_t block[DCTSIZE2 + 16];
    for (int i = 0; i < baseline->components; i++) {
        jpeg_baseline_component *component = &baseline->component[i];
        for (int y = 0; y < component->blocks_down; y++) {
            for (int x = 0; x < component->blocks_across; x++) {
                memset(block, 0, sizeof block);
                int last = baseline->decode(&baseline->reader, block, &baseline->dc[component->dc],
                                            &baseline->ac[component->ac], component->quantiser, &component->prediction);
                if (last < 0) {
                    return 0;
                }
                ptrdiff_t across = ((ptrdiff_t)mcu * component->blocks_across + x) * component->size;
                uint8_t *to = rows[i] + y * component->size * strides[i] + across;
                if (last == 0) {
                    fill_flat(to, strides[i], component->size, block[0]);
                } else {
                    component->idct(to, strides[i], block);
                }
            }
        }
    }
    return 1;
}

int jpeg_baseline_read(jpeg_baseline *baseline, uint8_t *const rows[3], const ptrdiff_t strides[3]) {
    for (int mcu = 0; mcu < baseline->mcus_across; mcu++) {
        if (baseline->restart_interval > 0) {
            if (baseline->until_restart == 0 && !restart(baseline)) {
                return 0;
            }
            baseline->until_restart--;
        }
        if (!decode_mcu(baseline, mcu, rows, strides)) {
            return 0;
        }
    }
    /* libjpeg looks ahead, and warns of a file that ends without a marker. */
    const entropy_reader *reader = &baseline->reader;
    return --baseline->rows_left > 0 || !reader->at_marker || reader->end - reader->from >= 2;
}
