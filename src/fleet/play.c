/* SPDX-License-Identifier: MIT
 *
 * The timetable, and the decisions of the network.
 *
 * All devices have the same intervals, so each type of message goes round the
 * fleet in a fixed order: three queues, each sorted by itself, and the next
 * event is the earliest of their heads.  That costs the same for 3 devices and
 * for 65,536.
 */
#include "play.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "heap.h"

#define FIRST_DATA_NS      UINT64_C(2000000)    /* from INIT to the first DATA */
#define FIRST_HEARTBEAT_NS UINT64_C(5000000000) /* from INIT to the first HEARTBEAT, at most */

/* What a device's next draws are about; the numbers are part of what a seed means. */
enum draw { DRAW_LOSS, DRAW_REORDER, DRAW_DUPLICATE, DRAW_WAIT, DRAWS };

/* One type's way round the fleet. */
struct round {
    uint64_t cycle; /* how often it went round */
    uint32_t rank;  /* whose turn it is */
};

struct held {
    struct play_datagram datagram;
    bool doubled;
    uint8_t wait; /* DATA datagrams that still overtake it */
};

struct held_queue {
    uint32_t count;
    struct held held[PLAY_HELD_MAX]; /* the oldest first */
};

struct play {
    struct play_plan plan;
    struct play_decided decided;
    uint64_t planned;
    uint64_t loss, duplicate, reorder; /* of 2^53 */
    struct round rounds[PLAY_TYPES];
    uint64_t turn;             /* PLAY_FLAT: DATA datagrams sent in this turn */
    uint32_t *order;           /* PLAY_TIMETABLE: device by rank; else NULL */
    uint64_t *used;            /* numbers, by device */
    uint64_t *withheld;        /* of these, by device; NULL without loss */
    struct held_queue *queues; /* by device; NULL without reordering */
    struct heap *flight;       /* NULL without a delay */
    uint32_t ended;            /* devices whose held datagrams are all released */
};

/* Each device and type has a generator of its own, so that a decision depends
 * on nothing but the seed, the device, the type and the index. */
static uint64_t draw(const struct play *play, const struct play_datagram *datagram, enum draw what)
{
    uint64_t seed = draw_splitmix(play->plan.seed, 0);
    uint64_t state = draw_splitmix(seed, (uint64_t)datagram->device * PLAY_TYPES + datagram->type);

    return draw_splitmix(state, datagram->index * DRAWS + what);
}

/* How much longer a datagram, or its copy, is under way.  A stream of its own: what a seed decides
 * of the rest does not depend on whether there is a delay.  An INIT is not overtaken. */
static uint64_t jitter(const struct play *play, const struct play_datagram *datagram, bool copy)
{
    uint64_t seed = draw_splitmix(draw_splitmix(play->plan.seed, 0), UINT64_MAX - 1);
    uint64_t state = draw_splitmix(seed, (uint64_t)datagram->device * PLAY_TYPES + datagram->type);

    if (play->plan.jitter_ns == 0 || datagram->type == MUSTER_MSG_INIT)
        return 0;
    return draw_up_to(draw_splitmix(state, datagram->index * 2 + copy), play->plan.jitter_ns);
}

static bool happens(const struct play *play, const struct play_datagram *datagram, enum draw what,
                    uint64_t threshold)
{
    return threshold != 0 && draw_happens(draw(play, datagram, what), threshold);
}

/* Fisher and Yates, as in Knuth, The Art of Computer Programming, vol. 2, 3.4.2, algorithm P. */
static void shuffle(uint32_t *order, uint32_t count, uint64_t seed)
{
    uint32_t i;

    for (i = 0; i < count; i++)
        order[i] = i;
    for (i = count - 1; i > 0; i--) {
        uint32_t j = (uint32_t)(((draw_splitmix(seed, i) >> 32) * (i + UINT64_C(1))) >> 32);
        uint32_t other = order[j];

        order[j] = order[i];
        order[i] = other;
    }
}

/* What some plans need for each device, and others not.  Returns 0, or -1. */
static int add_tables(struct play *play)
{
    uint32_t devices = play->plan.devices;

    if (play->plan.pace == PLAY_TIMETABLE)
        play->order = calloc(devices, sizeof *play->order);
    play->used = calloc(devices, sizeof *play->used);
    if (play->loss > 0)
        play->withheld = calloc(devices, sizeof *play->withheld);
    if (play->reorder > 0)
        play->queues = calloc(devices, sizeof *play->queues);
    if (play->plan.delay_ns + play->plan.jitter_ns > 0) {
        size_t most = (size_t)play_underway(&play->plan);

        play->flight = heap_new(sizeof(struct play_datagram), most, most);
    }
    if ((play->plan.pace == PLAY_TIMETABLE && play->order == NULL) || play->used == NULL ||
        (play->loss > 0 && play->withheld == NULL) || (play->reorder > 0 && play->queues == NULL) ||
        (play->plan.delay_ns + play->plan.jitter_ns > 0 && play->flight == NULL))
        return -1;
    if (play->order != NULL)
        shuffle(play->order, devices, play->plan.seed);
    return 0;
}

uint64_t play_underway(const struct play_plan *plan)
{
    double way = (double)plan->delay_ns + (double)plan->jitter_ns;
    double most;

    if (plan->pace == PLAY_TIMETABLE)
        most = plan->devices * (3 + way / (double)plan->data_ns +
                                (plan->heartbeat_ns > 0 ? way / (double)plan->heartbeat_ns : 0));
    else
        most = way / plan->interval_ns + 2;
    if (plan->reorder > 0)
        most += (double)plan->devices * PLAY_HELD_MAX;
    if (plan->count > 0 && (double)plan->count < most)
        most = (double)plan->count;
    if (plan->duplicate > 0)
        most *= 2;
    return most < 9e18 ? (uint64_t)most + 1 : UINT64_MAX;
}

struct play *play_new(const struct play_plan *plan)
{
    struct play *play = calloc(1, sizeof *play);

    assert(plan->devices > 0 && plan->devices <= PLAY_DEVICES_MAX);
    assert(plan->form.readings > 0 && plan->form.readings <= MESSAGE_READINGS_MAX);
    assert(plan->form.payload == MESSAGE_U16 || plan->form.readings == 1 ||
           plan->form.encoder != NULL);
    assert(message_is_sent(&plan->form, MUSTER_MSG_DATA));
    assert(plan->pace == PLAY_TIMETABLE || plan->turn > 0);
    assert(plan->pace != PLAY_TIMETABLE ||
           (plan->data_ns > 0 && plan->data_ns <= PLAY_INTERVAL_MAX_NS &&
            plan->heartbeat_ns <= PLAY_INTERVAL_MAX_NS));
    assert(plan->delay_ns + plan->jitter_ns == 0 ||
           ((plan->pace == PLAY_TIMETABLE || plan->interval_ns > 0) &&
            play_underway(plan) <= PLAY_UNDERWAY_MAX));

    if (play == NULL)
        return NULL;
    play->plan = *plan;
    play->loss = draw_threshold(plan->loss);
    play->duplicate = draw_threshold(plan->duplicate);
    play->reorder = draw_threshold(plan->reorder);
    if (add_tables(play) < 0) {
        play_free(play);
        return NULL;
    }
    return play;
}

void play_free(struct play *play)
{
    if (play == NULL)
        return;
    heap_free(play->flight);
    free(play->queues);
    free(play->withheld);
    free(play->used);
    free(play->order);
    free(play);
}

const struct play_decided *play_decided(const struct play *play)
{
    return &play->decided;
}

/* When the next message of that type is due by the timetable.  The devices' starts are spread over
 * the shortest interval, so each type's times only rise. */
static uint64_t timetable_due(const struct play *play, uint8_t type)
{
    const struct play_plan *plan = &play->plan;
    const struct round *next = &play->rounds[type];
    uint64_t heartbeat = plan->heartbeat_ns > 0 ? plan->heartbeat_ns : UINT64_MAX;
    uint64_t shortest = heartbeat < plan->data_ns ? heartbeat : plan->data_ns;
    uint64_t due = next->rank * shortest / plan->devices;

    if (!message_is_sent(&plan->form, type))
        return UINT64_MAX;
    switch (type) {
    case MUSTER_MSG_INIT:
        return next->cycle == 0 ? due : UINT64_MAX;
    case MUSTER_MSG_DATA:
        return due + FIRST_DATA_NS + next->cycle * plan->data_ns;
    default:
        if (plan->heartbeat_ns == 0)
            return UINT64_MAX;
        return due + (heartbeat < FIRST_HEARTBEAT_NS ? heartbeat : FIRST_HEARTBEAT_NS) +
               next->cycle * heartbeat;
    }
}

static uint8_t timetable_type(const struct play *play, uint64_t *due_ns)
{
    static const uint8_t others[] = {MUSTER_MSG_DATA, MUSTER_MSG_HEARTBEAT};
    uint8_t earliest = MUSTER_MSG_INIT;
    size_t i;

    *due_ns = timetable_due(play, earliest);
    for (i = 0; i < sizeof others; i++) {
        uint64_t due = timetable_due(play, others[i]);

        if (due < *due_ns) {
            earliest = others[i];
            *due_ns = due;
        }
    }
    return earliest;
}

/* When the next message is due to be sent.  Returns false if the plan's count is reached. */
static bool departure(const struct play *play, uint64_t *due_ns)
{
    if (play->plan.count != 0 && play->planned == play->plan.count)
        return false;
    if (play->plan.pace == PLAY_TIMETABLE)
        timetable_type(play, due_ns);
    else
        *due_ns = (uint64_t)((double)play->planned * play->plan.interval_ns);
    return true;
}

/* Whether the next to happen is that one comes out at the end of its way, and when. */
static bool arrival(const struct play *play, uint64_t *due_ns)
{
    uint64_t due;

    return play->flight != NULL && heap_due(play->flight, due_ns) &&
           (!departure(play, &due) || *due_ns <= due);
}

bool play_due(const struct play *play, uint64_t *due_ns)
{
    return arrival(play, due_ns) || departure(play, due_ns);
}

static void go_round(struct play *play, struct round *next)
{
    next->rank++;
    if (next->rank == play->plan.devices) {
        next->rank = 0;
        next->cycle++;
    }
}

static void next_by_timetable(struct play *play, struct play_datagram *datagram)
{
    uint64_t due;
    struct round *next;

    datagram->type = timetable_type(play, &due);
    next = &play->rounds[datagram->type];
    datagram->device = play->order[next->rank];
    datagram->index = next->cycle;
    go_round(play, next);
}

static void next_in_turn(struct play *play, struct play_datagram *datagram)
{
    struct round *next = &play->rounds[MUSTER_MSG_INIT];

    if (next->cycle == 0 && message_is_sent(&play->plan.form, MUSTER_MSG_INIT)) {
        datagram->type = MUSTER_MSG_INIT;
        datagram->device = next->rank;
        datagram->index = 0;
        go_round(play, next);
        return;
    }
    next = &play->rounds[MUSTER_MSG_DATA];
    datagram->type = MUSTER_MSG_DATA;
    datagram->device = next->rank;
    datagram->index = next->cycle * play->plan.turn + play->turn;
    play->turn++;
    if (play->turn == play->plan.turn) {
        play->turn = 0;
        go_round(play, next);
    }
}

/* Delivers a datagram, twice if it is doubled. */
static size_t deliver(const struct play_datagram *datagram, bool doubled, struct play_datagram *out)
{
    out[0] = *datagram;
    if (!doubled)
        return 1;
    out[1] = *datagram;
    out[1].copy = true;
    return 2;
}

/* A DATA was delivered in time: it overtook all that its device holds back. */
static size_t release(struct held_queue *queue, struct play_datagram *out)
{
    size_t delivered = 0;
    uint32_t i, kept = 0;

    for (i = 0; i < queue->count; i++) {
        struct held *held = &queue->held[i];

        held->wait--;
        if (held->wait == 0)
            delivered += deliver(&held->datagram, held->doubled, out + delivered);
        else
            queue->held[kept++] = *held;
    }
    queue->count = kept;
    return delivered;
}

/* The next message, as it is made. */
static struct play_datagram make(struct play *play, uint64_t clock_ns, uint64_t start_ns)
{
    struct play_datagram datagram = {.clock_ns = clock_ns, .start_ns = start_ns};

    if (play->plan.pace == PLAY_TIMETABLE)
        next_by_timetable(play, &datagram);
    else
        next_in_turn(play, &datagram);
    play->planned++;
    play->decided.planned[datagram.type]++;
    datagram.place = play->used[datagram.device];
    play->used[datagram.device] += message_numbers(&play->plan.form, datagram.type);
    if (play->withheld != NULL)
        datagram.withheld = play->withheld[datagram.device];
    return datagram;
}

/* Decides what becomes of a message.  Writes what goes on its way now, and returns their number. */
static size_t decide(struct play *play, const struct play_datagram *datagram,
                     struct play_datagram *out)
{
    struct held_queue *queue = NULL;
    size_t delivered;
    bool doubled;

    if (happens(play, datagram, DRAW_LOSS, play->loss)) {
        play->decided.withheld[datagram->type]++;
        play->withheld[datagram->device] += message_numbers(&play->plan.form, datagram->type);
        out[0] = *datagram;
        out[0].lost = true;
        return play->plan.acks ? 1 : 0;
    }
    if (datagram->type == MUSTER_MSG_DATA && play->queues != NULL)
        queue = &play->queues[datagram->device];
    doubled = happens(play, datagram, DRAW_DUPLICATE, play->duplicate);
    /* With the queue full it goes out in time: with everything held back,
     * nothing would overtake anything. */
    if (queue != NULL && queue->count < PLAY_HELD_MAX &&
        happens(play, datagram, DRAW_REORDER, play->reorder)) {
        queue->held[queue->count++] = (struct held){
            .datagram = *datagram,
            .doubled = doubled,
            .wait = (uint8_t)(1 + draw(play, datagram, DRAW_WAIT) % 3),
        };
        return 0;
    }
    delivered = deliver(datagram, doubled, out);
    if (queue != NULL)
        delivered += release(queue, out + delivered);
    return delivered;
}

/* The plan says how many there can be at the same time. */
static void fly(struct play *play, uint64_t due_ns, const struct play_datagram *datagram)
{
    int result = heap_push(play->flight, due_ns, datagram);

    assert(result == 0);
    (void)result; /* with NDEBUG */
}

/* Sends the datagrams on their way.  Of two alike, whichever comes out first is the original. */
static void depart(struct play *play, uint64_t now, const struct play_datagram *datagrams,
                   size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        const struct play_datagram *datagram = &datagrams[i];
        uint64_t way = jitter(play, datagram, false);

        if (i + 1 < count && datagrams[i + 1].copy) {
            uint64_t other = jitter(play, datagram, true);

            fly(play, now + play->plan.delay_ns + (way < other ? way : other), datagram);
            way = way < other ? other : way;
            datagram = &datagrams[++i];
        }
        fly(play, now + play->plan.delay_ns + way, datagram);
    }
    play->decided.underway = heap_peak(play->flight);
}

size_t play_step(struct play *play, uint64_t clock_ns, uint64_t start_ns, struct play_datagram *out)
{
    struct play_datagram datagram;
    uint64_t now;
    size_t count;
    bool is_due;

    if (arrival(play, &now))
        return heap_pop(play->flight, out);
    is_due = departure(play, &now);
    assert(is_due);
    (void)is_due; /* with NDEBUG */
    datagram = make(play, clock_ns, start_ns);
    count = decide(play, &datagram, out);
    if (play->flight == NULL || (count > 0 && out[0].lost))
        return count;
    depart(play, now, out, count);
    return 0;
}

size_t play_end(struct play *play, struct play_datagram *out)
{
    size_t delivered = 0;

    while (play->flight != NULL && delivered < PLAY_STEP_MAX &&
           heap_pop(play->flight, out + delivered))
        delivered++;
    while (delivered == 0 && play->queues != NULL && play->ended < play->plan.devices) {
        struct held_queue *queue = &play->queues[play->ended++];
        uint32_t i;

        for (i = 0; i < queue->count; i++)
            delivered += deliver(&queue->held[i].datagram, queue->held[i].doubled, out + delivered);
        queue->count = 0;
    }
    return delivered;
}

size_t play_size(const struct play_plan *plan, uint8_t type)
{
    return message_size(&plan->form, type);
}

size_t play_encode(const struct play_plan *plan, const struct play_datagram *datagram, uint8_t *out,
                   size_t room)
{
    /* An INIT that has a number has the one before the first DATA. */
    const uint64_t first = plan->start_seq - message_numbers(&plan->form, MUSTER_MSG_INIT);
    const bool has_number = message_numbers(&plan->form, datagram->type) > 0;
    const struct message message = {
        .reading = datagram->index * plan->form.readings,
        .device = datagram->device,
        .number = has_number ? first + datagram->place : 0,
        .clock_ns = datagram->clock_ns,
        .start_ns = datagram->start_ns,
        .id = plan->first_id + datagram->device,
        .seed = plan->seed,
        .type = datagram->type,
    };

    return message_encode(&plan->form, &message, out, room);
}
