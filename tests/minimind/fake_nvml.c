/* A driver library for tests: real nvidia-ml-py code calls it, a text file says what it answers.

   The file that FAKE_NVML names is read anew for each call, so that a card can be lost in mid-run.
   Its lines are "NAME NUMBER": count, init, driver_cuda, util, total, used, celsius, milliwatt, limit, cc;
   "!NAME CODE" makes that question fail with NVML's error CODE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned int gpu, memory; } utilization_t;

static int devices[16];

static long long look(const char *wanted, long long fallback) {
    const char *path = getenv("FAKE_NVML");
    FILE *file = path ? fopen(path, "r") : NULL;
    char name[64];
    long long value, found = fallback;
    if (!file) return fallback;
    while (fscanf(file, "%63s %lld", name, &value) == 2)
        if (!strcmp(name, wanted)) found = value;
    fclose(file);
    return found;
}

static int fails(const char *name) {
    char key[64];
    snprintf(key, sizeof key, "!%s", name);
    return (int)look(key, 0);
}

#define ANSWER(name, statement) do { int e = fails(name); if (e) return e; statement; return 0; } while (0)

int nvmlInitWithFlags(unsigned int flags) { (void)flags; ANSWER("init", (void)0); }
int nvmlShutdown(void) { return 0; }
const char *nvmlErrorString(int code) { (void)code; return "an error of the fake"; }
int nvmlDeviceGetCount_v2(unsigned int *n) { ANSWER("count", *n = (unsigned int)look("count", 1)); }
int nvmlDeviceGetHandleByIndex_v2(unsigned int i, void **h) { ANSWER("handle", *h = &devices[i]); }
int nvmlDeviceGetName(void *h, char *s, unsigned int n) {
    (void)h;
    ANSWER("name", snprintf(s, n, "NVIDIA GeForce RTX 3090"));
}
int nvmlSystemGetDriverVersion(char *s, unsigned int n) {
    ANSWER("driver", snprintf(s, n, "%lld.183.01", look("driver", 535)));
}
int nvmlSystemGetCudaDriverVersion_v2(int *v) { ANSWER("driver_cuda", *v = (int)look("driver_cuda", 12020)); }
int nvmlDeviceGetCudaComputeCapability(void *h, int *major, int *minor) {
    (void)h;
    ANSWER("cc", (*major = (int)look("cc", 86) / 10, *minor = (int)look("cc", 86) % 10));
}
int nvmlDeviceGetMemoryInfo(void *h, memory_t *m) {
    (void)h;
    ANSWER("memory", (m->total = look("total", 24LL << 30), m->used = look("used", 3LL << 30),
                      m->free = m->total - m->used));
}
int nvmlDeviceGetUtilizationRates(void *h, utilization_t *u) {
    (void)h;
    ANSWER("util", (u->gpu = (unsigned int)look("util", 97), u->memory = 40));
}
int nvmlDeviceGetTemperature(void *h, int sensor, unsigned int *t) {
    (void)h, (void)sensor;
    ANSWER("celsius", *t = (unsigned int)look("celsius", 71));
}
int nvmlDeviceGetPowerUsage(void *h, unsigned int *w) {
    (void)h;
    ANSWER("milliwatt", *w = (unsigned int)look("milliwatt", 342500));
}
int nvmlDeviceGetEnforcedPowerLimit(void *h, unsigned int *w) {
    (void)h;
    ANSWER("limit", *w = (unsigned int)look("limit", 350000));
}
