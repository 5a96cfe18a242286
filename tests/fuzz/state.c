/* SPDX-License-Identifier: MIT
 *
 * Fuzzes what the filter "sequence" goes on with after a kill: a state of which words are damaged.
 * An input is steps of 8 bytes: what to do, the device, two bytes for it, and a word.  Messages
 * come, time passes; and the process is killed, bytes of the state change, and another goes on.
 * What shows as damaged is set aside; with the rest the sums must agree, and it must not crash.
 */
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>

#include "plugins/sequence/notes.h"
#include "sequence/gaps_rebuild.h"
#include "sequence/recovery.h"

const char *const fuzz_corpus = "state";

enum { DEVICES = 8, WINDOW = 64, STEP = 8, STEPS_MOST = 4096 };

static struct run {
    struct tables tables;
    struct tracker *tracker;
    struct notes notes;
    uint32_t next[DEVICES];
    uint32_t clock;
    void *memory;
    uint64_t bytes;
} run;

static void begin(void)
{
    const struct gaps_options of_gaps = {.workers = 1, .persistent = true};
    const struct tracker_options options = {.window = WINDOW,
                                            .max_jump = 300,
                                            .persistent = true,
                                            .note = notes_tracker_note,
                                            .context = &run.notes};

    run.notes.gaps = gaps_new(&of_gaps, &run.tables, run.notes.at);
    run.tracker = tracker_new(&options, &run.tables, 0, 1);
    fuzz_check(run.notes.gaps != NULL && run.tracker != NULL, "memory");
}

static void end(void)
{
    gaps_free(run.notes.gaps);
    tracker_free(run.tracker);
}

static void check_sums(void)
{
    const struct tracker_counts counts = tables_counts_from(&run.tables, 0);
    const struct gaps_sums *sums = gaps_sums(run.notes.gaps);
    uint64_t lost = 0, open = 0, expired = 0;
    unsigned i;

    for (i = 0; i < MUSTER_CAUSES; i++) {
        lost += sums->lost[i];
        open += sums->open[i];
    }
    for (i = 0; i < DEVICES; i++)
        expired += tables_is_known(&run.tables, i) ? run.tables.losses[i].expired : 0;
    fuzz_check(counts.missing == counts.recovered + lost + open,
               "missing = recovered + lost + open");
    fuzz_check(counts.open == open + expired, "what is missing in the windows is open or lost");
}

/* Changes some bytes: the step's number says where, and what they become. */
static void damage(const uint8_t *step)
{
    struct tables *t = &run.tables;
    const struct {
        void *start;
        size_t size;
    } regions[] = {
        {t->shared, sizeof *t->shared + sizeof(uint64_t)},
        {tables_slot(t, 0), sizeof(struct slot) + 2 * sizeof(uint64_t)},
        {tables_slot(t, step[1]), sizeof(struct slot)},
        {t->entries, (size_t)DEVICES * t->stride},
        {t->losses, DEVICES * sizeof *t->losses},
        {t->gaps, 2 * DEVICES * sizeof *t->gaps},
    };
    size_t which = step[2] % (sizeof regions / sizeof regions[0]);
    size_t at = ((size_t)step[3] << 8 | step[1]) % (regions[which].size - 3);

    memcpy((uint8_t *)regions[which].start + at, step + 4, 1 + step[1] % 4);
}

/* The process is killed, and another goes on, if it can. */
static void kill_and_go_on(const uint8_t *step, size_t size)
{
    end();
    while (size >= STEP && step[0] % 8 == 7) {
        damage(step);
        step += STEP;
        size -= STEP;
    }
    if (!recovery_is_sound(&run.tables)) /* all zeros, and few of them touched */
        fuzz_check(madvise(run.memory, run.bytes, MADV_DONTNEED) == 0, "memory");
    if (run.tables.shared->causes.tick == 0)
        run.tables.shared->causes.tick = 1;
    recovery_take_back(&run.tables);
    fuzz_check(gaps_rebuild(&run.tables, 1, run.notes.at) == 0, "memory");
    begin();
    check_sums();
}

static void judge(uint32_t id, uint32_t number, uint8_t type)
{
    struct muster_record record = {.device_id = id,
                                   .device = id,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .msg_type = type,
                                   .seq = number,
                                   .seq_bits = type == MUSTER_MSG_INIT ? 0 : 32,
                                   .readings = 1,
                                   .device_time_ns = (int64_t)run.clock * 1000000000};

    tracker_judge(run.tracker, &record);
}

static void take(const uint8_t *step)
{
    uint32_t id = step[1] % DEVICES, word = muster_get_u32(step + 4);

    run.notes.causes = step[3] % (1u << MUSTER_CAUSES);
    switch (step[0] % 8) {
    case 0:
        judge(id, ++run.next[id], MUSTER_MSG_DATA);
        break;
    case 1: /* some are missing */
        judge(id, run.next[id] += 1 + step[2], MUSTER_MSG_DATA);
        break;
    case 2: /* a late one, or a copy */
        judge(id, run.next[id] - step[2], MUSTER_MSG_DATA);
        break;
    case 3: /* any */
        run.clock += step[2];
        judge(id, run.next[id] = word, MUSTER_MSG_DATA);
        break;
    case 4:
        run.clock += 1 + step[2];
        judge(id, 0, MUSTER_MSG_INIT);
        break;
    case 5:
        run.notes.at += word % 1000;
        gaps_settle(run.notes.gaps, run.notes.at, 1 + step[2]);
        break;
    default:
        gaps_tick(run.notes.gaps, run.notes.tick++, run.notes.at);
        gaps_add_causes(run.notes.gaps, id, run.notes.causes);
    }
    check_sums();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t steps;

    memset(&run, 0, sizeof run);
    run.bytes = tables_bytes(DEVICES, WINDOW);
    run.memory = mmap(NULL, run.bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    fuzz_check(run.memory != MAP_FAILED, "memory");
    tables_lay_out(&run.tables, run.memory, DEVICES, WINDOW);
    run.tables.shared->causes.tick = run.notes.tick = run.notes.at = 1;
    run.notes.now_ns = run.clock = 1000;
    begin();
    for (steps = 0; steps < STEPS_MOST && size >= STEP; steps++, data += STEP, size -= STEP) {
        if (data[0] % 8 == 7)
            kill_and_go_on(data, size);
        else
            take(data);
        while (size >= 2 * STEP && data[0] % 8 == 7 && data[STEP] % 8 == 7) {
            data += STEP; /* the kill has had them */
            size -= STEP;
        }
    }
    end();
    munmap(run.memory, run.bytes);
    return 0;
}
