/* The dense pass over all youths (sim/processes/attitudes.py, `_attitudes`) in C: a yardstick, not a product.
 *
 * It takes the same steps in the same order on the same arrays, so the results can be compared bit for bit. Its arguments
 * are those of `_attitudes`, with the tuples unpacked. against_c.py compiles it with and without OpenMP.
 */
#include <stdint.h>

#define TIES 8
#define BLOCK 256
/* Given at compile time: OWN_NOISE, number of the decision; NO_INCOME, place among the livelihoods. */

static inline void words(uint64_t seed, uint32_t week, uint32_t agent, uint32_t *first, uint32_t *second)
{
    uint32_t c0 = agent, c1 = week, c2 = OWN_NOISE, c3 = 0;
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = 0xD2511F53ull * c0, p1 = 0xCD9E8D57ull * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    *first = c0;
    *second = c1;
}

static inline float bell(uint32_t word)
{
    uint32_t pairs = (word & 0x00FF00FFu) + ((word >> 8) & 0x00FF00FFu);
    int32_t total = (int32_t)(pairs & 0xFFFFu) + (int32_t)(pairs >> 16);
    return (float)(total - 510) * (float)(1.0 / 147.80054127099805);
}

void dense(int64_t blocks, const int64_t *chunks, uint64_t seed, uint32_t week,
           /* pulls */ float peer_pull, float own_pull, float noise_size, uint32_t attendance, float strong,
           /* regions */ const float *shift, const float *keep_grievance, const float *resent,
           /* sermons */ const float *sermon_pull, const float *sermon_target,
           /* minds */ const uint32_t *ties, const uint16_t *imam, const uint8_t *silent, const float *disposition,
           const float *recent, const float *settled, const uint8_t *livelihood, const int16_t *cell,
           float *settled_next, float *attitude, float *grievance, int64_t *sums, int threads)
{
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 16) num_threads(threads)
#endif
    for (int64_t k = 0; k < blocks; k++) {
        int64_t region = chunks[3 * k], start = chunks[3 * k + 1], stop = chunks[3 * k + 2];
        float shifted = shift[region], kept = keep_grievance[region];
        int64_t total = 0, aggrieved = 0, supporters = 0;
        float peers[BLOCK], noise[BLOCK], pull[BLOCK], target[BLOCK];
        for (int64_t low = start; low < stop; low += BLOCK) {
            int n = stop - low < BLOCK ? (int)(stop - low) : BLOCK;
            for (int i = 0; i < n; i++) {
                const uint32_t *t = ties + TIES * (low + i);
                float near = settled[t[0]] + settled[t[1]] + (settled[t[2]] + settled[t[3]]);
                float far = settled[t[4]] + settled[t[5]] + (settled[t[6]] + settled[t[7]]);
                peers[i] = (near + far) * (1.0f / TIES);
                pull[i] = sermon_pull[imam[low + i]];
                target[i] = sermon_target[imam[low + i]];
            }
            for (int i = 0; i < n; i++) {
                uint32_t first, second;
                words(seed, week, (uint32_t)(low + i), &first, &second);
                noise[i] = noise_size * bell(first);
                pull[i] = second < attendance ? pull[i] : 0.0f;
            }
            float *restrict after = settled_next + low, *restrict x = attitude + low, *restrict angry = grievance + low;
            const float *restrict s = settled + low, *restrict d = disposition + low, *restrict felt = recent + low;
            const uint8_t *restrict now = silent + low, *restrict work = livelihood + low;
            const int16_t *restrict home = cell + low;
            for (int i = 0; i < n; i++) {
                float moved = s[i] + peer_pull * (peers[i] - s[i]) + own_pull * (d[i] - s[i])
                              + pull[i] * (target[i] - s[i]) + noise[i];
                after[i] = now[i] ? peers[i] : moved;
                x[i] = after[i] + felt[i] + shifted;
                angry[i] *= kept;
                if (work[i] == NO_INCOME)
                    angry[i] += resent[home[i]];
            }
            for (int i = 0; i < n; i++) {
                total += (int64_t)(x[i] * 16777216.0f);
                supporters += x[i] > strong;
            }
            for (int i = 0; i < n; i++)
                aggrieved += (int64_t)(angry[i] * 16777216.0f);
        }
        sums[3 * k] = total;
        sums[3 * k + 1] = aggrieved;
        sums[3 * k + 2] = supporters;
    }
}
