/* What the machine's memory can do: a sum over an array (read) and a copy of one (read and write), on any number of
 * threads. The caller owns the arrays and the clock. */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum { MAX_THREADS = 256, BLOCK = 4096 };

/* The ways to read and copy; which one is fastest depends on the processor, so the caller tries them all. */
enum { READ_ONE_STREAM, READ_FOUR_STREAMS, COPY_LIBRARY, COPY_PLAIN, COPY_STREAMING, WAYS };

typedef uint64_t vector __attribute__((vector_size(64), aligned(64), may_alias));

typedef struct task {
    int way;
    const char *source;
    char *destination;
    size_t bytes; /* a multiple of BLOCK */
    uint64_t sum;
} task;

static uint64_t total(vector value) {
    uint64_t sum = 0;
    for (int lane = 0; lane < 8; lane++) sum += value[lane];
    return sum;
}

/* Sums the array as `streams` parts side by side, each from its own place in memory. */
static inline uint64_t read_streams(const char *source, size_t bytes, size_t streams) {
    const vector *part = (const vector *)source;
    size_t stride = bytes / sizeof(vector) / streams;
    vector sums[8] = {{0}};
    for (size_t i = 0; i + 8 / streams <= stride; i += 8 / streams)
        for (size_t k = 0; k < 8; k++) sums[k] += part[k % streams * stride + i + k / streams];
    for (size_t k = 1; k < 8; k++) sums[0] += sums[k];
    return total(sums[0]);
}

static void copy_plain(const char *source, char *destination, size_t bytes) {
    const vector *from = (const vector *)source;
    vector *to = (vector *)destination;
    for (size_t i = 0; i < bytes / sizeof(vector); i++) {
        to[i] = from[i];
        __asm__ volatile("" ::: "memory"); /* keeps the compiler from calling memcpy */
    }
}

/* Stores that go past the caches, so that the destination is not read first. */
static void copy_streaming(const char *source, char *destination, size_t bytes) {
#if defined(__AVX512F__)
    for (size_t i = 0; i < bytes; i += 64)
        _mm512_stream_si512((__m512i *)(destination + i), _mm512_load_si512((const __m512i *)(source + i)));
    _mm_sfence();
#elif defined(__AVX__)
    for (size_t i = 0; i < bytes; i += 32)
        _mm256_stream_si256((__m256i *)(destination + i), _mm256_load_si256((const __m256i *)(source + i)));
    _mm_sfence();
#elif defined(__SSE2__)
    for (size_t i = 0; i < bytes; i += 16)
        _mm_stream_si128((__m128i *)(destination + i), _mm_load_si128((const __m128i *)(source + i)));
    _mm_sfence();
#else
    memcpy(destination, source, bytes);
#endif
}

static void *perform(void *argument) {
    task *t = argument;
    switch (t->way) {
    case READ_ONE_STREAM: t->sum = read_streams(t->source, t->bytes, 1); break;
    case READ_FOUR_STREAMS: t->sum = read_streams(t->source, t->bytes, 4); break;
    case COPY_LIBRARY: memcpy(t->destination, t->source, t->bytes); break;
    case COPY_PLAIN: copy_plain(t->source, t->destination, t->bytes); break;
    default: copy_streaming(t->source, t->destination, t->bytes); break;
    }
    return NULL;
}

/* Reads or copies `bytes` bytes, shared out over `threads` threads. Arrays are aligned to 64 bytes. Returns the sum
 * of what was read (0 for a copy), so that no reading can be left out. */
uint64_t limits_run(int way, const void *source, void *destination, size_t bytes, int threads) {
    static task tasks[MAX_THREADS];
    pthread_t handles[MAX_THREADS];
    int started[MAX_THREADS] = {0};
    uint64_t sum = 0;
    if (threads > MAX_THREADS) threads = MAX_THREADS;
    size_t share = bytes / threads / BLOCK * BLOCK;
    for (int i = 0; i < threads; i++) {
        size_t first = share * i;
        size_t length = i == threads - 1 ? (bytes - first) / BLOCK * BLOCK : share;
        tasks[i] = (task){way, (const char *)source + first, (char *)destination + first, length, 0};
        if (i > 0) started[i] = pthread_create(&handles[i], NULL, perform, &tasks[i]) == 0;
    }
    for (int i = 0; i < threads; i++)
        if (!started[i]) perform(&tasks[i]); /* the first share, and any that got no thread */
    for (int i = 0; i < threads; i++) {
        if (started[i]) pthread_join(handles[i], NULL);
        sum += tasks[i].sum;
    }
    return sum;
}
