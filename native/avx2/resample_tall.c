/*
 * Vertical direction first where many rows become one, with AVX2; native/scalar/resample.c specifies the results.
 *
 * From one row to the next the results that count it seldom change, so a strip is cut into runs of pairs of rows with
 * the same results: pairs are widened in registers and added to all of these at once, without a copy in memory.
 */
#include "../scalar/resample.h"
#include "resample_parts.h"

/* Samples that all runs of a strip go over before the next ones: their sums stay in the first-level cache. */
#define PIECE 512
#define PAIRS (STRIP / 2)
/* Results at once: two vectors of sums each, besides four for samples and weights, fill the registers. */
#define GROUP 6

/* Pairs of rows [pair, pair + pairs) of the strip, all of which count in results [output, output + outputs). */
typedef struct {
    int32_t pair;
    int32_t pairs;
    int32_t output;
    int32_t outputs;
    ptrdiff_t odd;                 /* bytes from an even row to its odd one; 0 where the picture ends between them */
    int32_t weight[PAIRS * GROUP]; /* of pair 0 for each result, of pair 1, ...; both weights in one number */
} run;

/* Where in the strip, in pairs, a result begins; negative if before. Starts are rounded down to even. */
static int32_t first_pair(const pixelshift_resample_stream *stream, int32_t output) {
    return ((stream->plan.y->start[output] & ~1) - stream->pushed) / 2;
}

static int32_t end_pair(const pixelshift_resample_stream *stream, int32_t output) {
    const pixelshift_resample_axis *y = stream->plan.y;
    return (y->start[output] + y->count[output] + 1 - stream->pushed) >> 1;
}

static void take_weights(run *of, const pixelshift_resample_stream *stream) {
    const pixelshift_resample_axis *y = stream->plan.y;
    int32_t *weight = of->weight;
    for (int32_t pair = of->pair; pair < of->pair + of->pairs; pair++) {
        for (int32_t output = of->output; output < of->output + of->outputs; output++) {
            int32_t place = 2 * (pair - first_pair(stream, output));
            memcpy(weight++, y->weight + (ptrdiff_t)output * y->taps + place, sizeof *weight);
        }
    }
}

/* Cuts a strip into runs; returns how many: at most one per pair and GROUP results. */
static int cut(run *runs, const pixelshift_resample_stream *stream, int32_t touched, int32_t rows, ptrdiff_t stride) {
    int count = 0;
    int32_t first = stream->summed;
    int32_t end = first;
    int32_t pairs = (rows + 1) / 2;
    for (int32_t pair = 0, next; pair < pairs; pair = next) {
        while (first < touched && end_pair(stream, first) <= pair) {
            first++;
        }
        while (end < touched && first_pair(stream, end) <= pair) {
            end++;
        }
        next = end < touched && first_pair(stream, end) < pairs ? first_pair(stream, end) : pairs;
        if (first < end && end_pair(stream, first) < next) {
            next = end_pair(stream, first);
        }
        if (rows % 2 == 1 && pair < pairs - 1 && next == pairs) {
            next = pairs - 1;
        }
        for (int32_t output = first; output < end; output += GROUP) {
            run *of = &runs[count++];
            of->pair = pair;
            of->pairs = next - pair;
            of->output = output;
            of->outputs = end - output < GROUP ? end - output : GROUP;
            of->odd = 2 * pair + 1 < rows ? stride : 0;
            take_weights(of, stream);
        }
    }
    return count;
}

/* What one block of samples needs of a run, in local variables: stores of sums cannot change these. */
typedef struct {
    int32_t *sums[GROUP];
    const int32_t *weight;
    ptrdiff_t pairs;
    ptrdiff_t step; /* bytes from pair to pair */
    ptrdiff_t odd;
} block;

/* `halves` times 16 samples of each pair of rows from `src` on; if `fetch`, a line of `ahead` for each. */
static inline __attribute__((always_inline)) void add_block(block of, ptrdiff_t at, const uint8_t *src,
                                                            const uint8_t *ahead, const int fetch, const int outputs,
                                                            const int halves, const int alpha_of, premultiplier by) {
    const int vectors = 2 * halves;
    __m256i sum[2 * GROUP];
#pragma GCC unroll 6
    for (int k = 0; k < outputs; k++) {
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) {
            sum[k * vectors + j] = load(of.sums[k] + at + 8 * j);
        }
    }
    for (const int32_t *end = of.weight + of.pairs * outputs; of.weight < end; of.weight += outputs, src += of.step) {
        __m256i pair[4];
        if (fetch) {
            PREFETCH(ahead);
            ahead += 64;
        }
#pragma GCC unroll 2
        for (int j = 0; j < halves; j++) {
            __m256i upper = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(src + 16 * j)));
            __m256i lower = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(src + of.odd + 16 * j)));
            pair[2 * j] = _mm256_unpacklo_epi16(upper, lower);
            pair[2 * j + 1] = _mm256_unpackhi_epi16(upper, lower);
        }
#pragma GCC unroll 4
        for (int j = 0; alpha_of && j < vectors; j++) {
            pair[j] = weighted(pair[j], alpha_of, by);
        }
#pragma GCC unroll 6
        for (int k = 0; k < outputs; k++) {
            __m256i both = _mm256_set1_epi32(of.weight[k]);
#pragma GCC unroll 4
            for (int j = 0; j < vectors; j++) {
                sum[k * vectors + j] = _mm256_add_epi32(sum[k * vectors + j], _mm256_madd_epi16(pair[j], both));
            }
        }
    }
#pragma GCC unroll 6
    for (int k = 0; k < outputs; k++) {
#pragma GCC unroll 4
        for (int j = 0; j < vectors; j++) {
            store(of.sums[k] + at + 8 * j, sum[k * vectors + j]);
        }
    }
}

static inline __attribute__((always_inline)) void add_both_halves(block of, ptrdiff_t at, const uint8_t *src,
                                                                  const uint8_t *ahead, const int fetch,
                                                                  const int outputs, const int alpha_of,
                                                                  premultiplier by) {
    if (outputs <= 2) {
        add_block(of, at, src, ahead, fetch, outputs, 2, alpha_of, by);
    } else {
        add_block(of, at, src, ahead, fetch, outputs, 1, alpha_of, by);
        add_block(of, at + 16, src + 16, ahead, 0, outputs, 1, alpha_of, by);
    }
}

typedef struct {
    const uint8_t *src; /* the strip */
    ptrdiff_t stride;
    const uint8_t *ahead; /* what to fetch meanwhile */
    int32_t from;         /* samples [from, to) of its rows */
    int32_t to;
    int32_t width; /* samples of a row, beyond which nothing may be read */
} piece;

static inline __attribute__((always_inline)) void add_run(int32_t *const *sums, const piece *part, const run *of,
                                                          const int outputs, const int alpha_of, premultiplier by) {
    const uint8_t *src = part->src + 2 * of->pair * part->stride + part->from;
    const uint8_t *ahead = part->ahead + (ptrdiff_t)of->pair * 2 * PIECE;
    ptrdiff_t samples = part->to - part->from;
    ptrdiff_t readable = part->width - part->from;
    block each = {.weight = of->weight, .pairs = of->pairs, .step = 2 * part->stride, .odd = of->odd};
#pragma GCC unroll 6
    for (int k = 0; k < outputs; k++) {
        each.sums[k] = sums[k];
    }
    ptrdiff_t at = 0;
    for (; at < samples && at + 32 <= readable; at += 32, ahead += each.pairs * 64) {
        add_both_halves(each, at, src + at, ahead, 1, outputs, alpha_of, by);
    }
    if (at < samples) {
        uint8_t rest[STRIP][32] = {{0}};
        for (int32_t i = 0; i < of->pairs; i++) {
            memcpy(rest[2 * i], src + i * each.step + at, (size_t)(readable - at));
            memcpy(rest[2 * i + 1], src + i * each.step + each.odd + at, (size_t)(readable - at));
        }
        each.step = 64;
        each.odd = 32;
        add_both_halves(each, at, rest[0], ahead, 0, outputs, alpha_of, by);
    }
}

static inline __attribute__((always_inline)) void add_run_of(int32_t *const *sums, const piece *part, const run *of,
                                                             const int alpha_of, premultiplier by) {
    switch (of->outputs) {
    case 1:
        add_run(sums, part, of, 1, alpha_of, by);
        break;
    case 2:
        add_run(sums, part, of, 2, alpha_of, by);
        break;
    case 3:
        add_run(sums, part, of, 3, alpha_of, by);
        break;
    case 4:
        add_run(sums, part, of, 4, alpha_of, by);
        break;
    case 5:
        add_run(sums, part, of, 5, alpha_of, by);
        break;
    default:
        add_run(sums, part, of, GROUP, alpha_of, by);
    }
}

static void add_plain(int32_t *const *sums, const piece *part, const run *of) {
    add_run_of(sums, part, of, 0, premultiplier_of(0));
}

static void add_grey_alpha(int32_t *const *sums, const piece *part, const run *of, int32_t bits) {
    add_run_of(sums, part, of, 2, premultiplier_of(bits));
}

static void add_rgba(int32_t *const *sums, const piece *part, const run *of, int32_t bits) {
    add_run_of(sums, part, of, 4, premultiplier_of(bits));
}

static int32_t *sums_of(const pixelshift_resample_stream *stream, int32_t output) {
    return (int32_t *)stream->sums + (ptrdiff_t)(output % stream->slots) * stream->sum_stride;
}

/* Sums come in blocks of 16, four by four as they are unpacked: packing them puts them in order. */
static void begin(int32_t *sums, int32_t samples, const rounding *round) {
    for (int32_t i = 0; i < samples; i += 16) {
        store(sums + i, round->offset);
        store(sums + i + 8, round->offset);
    }
}

static void end(int16_t *finished, const int32_t *sums, int32_t samples, const rounding *round) {
    for (int32_t i = 0; i < samples; i += 16) {
        __m256i low = _mm256_sra_epi32(load(sums + i), round->shift);
        __m256i high = _mm256_sra_epi32(load(sums + i + 8), round->shift);
        store(finished + i, _mm256_packs_epi32(low, high));
    }
}

static void add_runs(const pixelshift_resample_stream *stream, const piece *part, const run *runs, int count) {
    const pixelshift_resample_plan *plan = &stream->plan;
    for (int i = 0; i < count; i++) {
        int32_t *sums[GROUP];
        for (int k = 0; k < runs[i].outputs; k++) {
            sums[k] = sums_of(stream, runs[i].output + k) + part->from;
        }
        if (!plan->premultiply) {
            add_plain(sums, part, &runs[i]);
        } else if (plan->channels == 2) {
            add_grey_alpha(sums, part, &runs[i], plan->source_bits);
        } else {
            add_rgba(sums, part, &runs[i], plan->source_bits);
        }
    }
}

void pixelshift_resample_add_tall_avx2(pixelshift_resample_stream *stream, const uint8_t *src, ptrdiff_t src_stride,
                                       int32_t rows) {
    const pixelshift_resample_plan *plan = &stream->plan;
    const pixelshift_resample_axis *y = plan->y;
    wide_rounding wide = rounding_to_middle(plan, y->bits + plan->source_bits);
    rounding round = narrow_rounding(&wide);
    int32_t touched = stream->summed;
    int32_t complete = touched;
    while (touched < y->out && y->start[touched] < stream->pushed + rows) {
        complete += y->start[touched] + y->count[touched] <= stream->pushed + rows;
        touched++;
    }
    run runs[PAIRS * ((PIXELSHIFT_RESAMPLE_TALL_RESULTS + GROUP - 1) / GROUP)];
    int count = cut(runs, stream, touched, rows, src_stride);
    piece part = {.src = src, .stride = src_stride, .width = plan->x->in * plan->channels};
    int32_t last = plan->x->last * plan->channels;
    /* Pieces begin at whole vectors of the row, so that sums and finished rows share one index. */
    for (part.from = plan->x->first * plan->channels & ~31; part.from < last; part.from = part.to) {
        part.to = part.from + PIECE < last ? part.from + PIECE : last;
        part.ahead = next_strip(src, src_stride, part.from);
        int32_t samples = part.to - part.from;
        for (int32_t output = stream->summed; output < touched; output++) {
            if (first_pair(stream, output) >= 0) {
                begin(sums_of(stream, output) + part.from, samples, &round);
            }
        }
        add_runs(stream, &part, runs, count);
        for (int32_t output = stream->summed; output < complete; output++) {
            int16_t *finished = stream->rows + (ptrdiff_t)(stream->held + output - stream->summed) * stream->stride;
            end(finished + part.from, sums_of(stream, output) + part.from, samples, &round);
        }
    }
    stream->held += complete - stream->summed;
    stream->summed = complete;
}
