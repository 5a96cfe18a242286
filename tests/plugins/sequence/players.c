/* SPDX-License-Identifier: MIT
 *
 * Devices, the networks to them, and what happens there.
 */
#include "players.h"

#include <string.h>

#include "common/random.h"

/* A sender each. */
static const struct muster_arrival arrivals[] = {
    {.size = sizeof(struct muster_arrival), .family = 4, .source = {10, 0, 0, 1}, .source_port = 1},
    {.size = sizeof(struct muster_arrival), .family = 4, .source = {10, 0, 0, 1}, .source_port = 2},
};

static bool chance(uint32_t percent)
{
    return below(100) < percent;
}

static uint64_t random_number(void)
{
    return (uint64_t)random_u32() << 32 | random_u32();
}

static uint64_t mask_of(uint8_t bits)
{
    return UINT64_MAX >> (64 - bits);
}

static struct muster_record message(const struct player *player, uint8_t type, uint64_t seq,
                                    uint32_t timestamp)
{
    struct muster_record record = {.device_id = player->id,
                                   .device = player->id,
                                   .marks = MUSTER_MARK_DEVICE,
                                   .msg_type = type,
                                   .seq = seq & mask_of(player->bits),
                                   .device_time_ns = (int64_t)timestamp * 1000000000,
                                   .seq_bits = type == MUSTER_MSG_DATA ? player->bits : 0,
                                   .readings = 1};

    if (player->id % 2 == 0 || player->is_shared) /* else it is not known who sent it */
        record.via.arrival = &arrivals[0];
    return record;
}

struct muster_record players_message(const struct player *player, uint64_t number, uint32_t stamp)
{
    return message(player, MUSTER_MSG_DATA, number, stamp);
}

static uint8_t random_width(void)
{
    static const uint8_t widths[] = {8, 12, 14, 16, 24, 32, 48, 64};

    return chance(10) ? (uint8_t)(1 + below(64)) : widths[below(sizeof widths)];
}

static uint32_t random_step(const struct round *round)
{
    const uint32_t w = round->options.window, m = round->options.max_jump;
    const uint32_t steps[] = {2,
                              3,
                              below(w) + 1,
                              w - 1,
                              w,
                              w + 1,
                              m,
                              m + 1,
                              m + 2,
                              below(3 * w),
                              below(3 * m + 1),
                              below(1 << 20),
                              (UINT32_C(1) << 31) - 2 + below(5)};
    /* The great ones seldom. */
    uint32_t most = chance(90) ? 8 : (uint32_t)(sizeof steps / sizeof steps[0]);

    return steps[below(most)];
}

static void delay(struct player *player, const struct muster_record *record)
{
    if (player->in_flight_count < PLAYERS_IN_FLIGHT)
        player->in_flight[player->in_flight_count++] = *record;
}

/* What the device's clock shows. */
static uint32_t stamp(struct player *player)
{
    switch (player->kind) {
    case CLOCK_NONE:
        return 0;
    case CLOCK_AT_TIMES_0:
        return !chance(10) ? player->clock : chance(50) ? 0 : player->clock + (1u << 30) + below(9);
    case CLOCK_FROM_BOOT:
        return player->clock - player->booted;
    case CLOCK_STUCK:
        return 1500000000;
    case CLOCK_DAY_AHEAD:
        if (below(200) == 0)
            player->ahead = player->ahead != 0 ? 0 : 86400;
        return player->clock + player->ahead;
    default:
        return player->clock;
    }
}

/* It starts again; its INIT may be lost. */
static struct muster_record send_init(const struct round *round, struct player *player)
{
    struct muster_record record;

    player->clock += below(30);
    player->booted = player->clock;
    player->next = chance(70) ? below(3) : random_number();
    record = message(player, MUSTER_MSG_INIT, player->next, stamp(player));
    record.seq_bits = chance(30) ? player->bits : 0;
    player->next += record.seq_bits > 0;
    if (!chance(20))
        return record;
    record = message(player, MUSTER_MSG_DATA, player->next++, stamp(player));
    (void)round;
    return record;
}

/* The next DATA of its row; some are lost, and some are a restart without INIT. */
static struct muster_record send_data(const struct round *round, struct player *player)
{
    struct muster_record record;

    if (below(150) == 0)
        player->next += random_step(round); /* a burst is lost */
    if (below(500) == 0) {                  /* a restart without INIT */
        player->clock += below(30);
        player->booted = player->clock;
        player->next = chance(30)   ? random_number()
                       : chance(50) ? below(3)
                                    : player->next - random_step(round);
    }
    if (player->wakes && player->next > 3)
        player->next = 1;
    if (player->alone_number) {
        player->clock += 900;
        player->next = 1;
    }
    record = message(player, MUSTER_MSG_DATA, player->next, stamp(player));
    record.readings =
        round->readings > 1 && chance(50) ? (uint16_t)(1 + below(round->readings)) : 1;
    if (player->shares && record.readings > 1)
        record.marks |= MUSTER_MARK_SHARED_NUMBER;
    player->next += (record.marks & MUSTER_MARK_SHARED_NUMBER) != 0 ? 1 : record.readings;
    return record;
}

/* The next message that the device sends. */
static struct muster_record send_next(const struct round *round, struct player *player)
{
    struct muster_record record;

    if (below(3000) == 0) { /* another format */
        player->bits = random_width();
        player->next = below(3);
    }
    if (chance(3)) {
        record = message(player, MUSTER_MSG_HEARTBEAT, 0, stamp(player));
    } else if (below(400) == 0) {
        record = send_init(round, player);
    } else if (player->is_shared && chance(40)) {
        record = message(player, MUSTER_MSG_DATA, player->other++, stamp(player));
        if (player->id % 3 != 0) /* else both are behind one address */
            record.via.arrival = &arrivals[1];
    } else {
        record = send_data(round, player);
    }
    player->remembered[player->sent++ % PLAYERS_REMEMBERED] = record;
    return record;
}

/* One datagram, or some, of nobody. */
static struct muster_record stray(const struct round *round, struct player *player)
{
    uint64_t number = chance(50) ? random_number() : player->next + random_step(round);
    uint32_t n;
    uint32_t when = chance(50)   ? random_u32()
                    : chance(50) ? player->clock + (1u << 28)
                                 : player->clock;

    for (n = 1; n < 5 && chance(40); n++) {
        const struct muster_record record = message(player, MUSTER_MSG_DATA, number + n, when);

        delay(player, &record);
    }
    return message(player, MUSTER_MSG_DATA, number, when);
}

/* The datagram that arrives next of this device. */
static struct muster_record arrive_datagram(const struct round *round, struct player *player)
{
    struct muster_record record;

    if (player->in_flight_count > 0 && chance(20)) {
        uint32_t i = below(player->in_flight_count);

        record = player->in_flight[i];
        player->in_flight[i] = player->in_flight[--player->in_flight_count];
        return record;
    }
    if (player->sent > 0 && below(100) == 0) { /* an old copy, or a run of them */
        uint32_t back =
            below(player->sent < PLAYERS_REMEMBERED ? player->sent : PLAYERS_REMEMBERED);
        uint32_t i = player->sent - 1 - back, n;

        for (n = 1; n < 6 && n <= back; n++)
            delay(player, &player->remembered[(i + n) % PLAYERS_REMEMBERED]);
        return player->remembered[i % PLAYERS_REMEMBERED];
    }
    if (below(500) == 0)
        return stray(round, player);
    for (;;) {
        record = send_next(round, player);
        if (chance(round->loss))
            continue;
        if (chance(round->copies))
            delay(player, &record);
        if (!chance(round->delay) || player->in_flight_count == PLAYERS_IN_FLIGHT)
            return record;
        delay(player, &record);
    }
}

static bool has_further(const struct player *player)
{
    const struct muster_record *arriving = &player->arriving;

    return arriving->readings > 0 && arriving->reading + 1 < arriving->readings;
}

/* The message, or reading of one, that arrives next. */
static struct muster_record arrive(const struct round *round, struct player *player)
{
    static uint64_t arrival;
    struct muster_record *arriving = &player->arriving;

    if (has_further(player)) {
        arriving->reading++;
        if ((arriving->marks & MUSTER_MARK_SHARED_NUMBER) == 0)
            arriving->seq = (arriving->seq + 1) & mask_of(arriving->seq_bits);
    } else {
        *arriving = arrive_datagram(round, player);
        arriving->arrival_ns = ++arrival;
    }
    return *arriving;
}

struct round players_round(void)
{
    struct round round = {.workers = 1 + below(3), .devices = 1 + below(PLAYERS_MOST)};

    round.worker = below(round.workers);
    round.options.window = UINT32_C(64) << below(7);
    round.options.max_jump = chance(50) ? 3000 : 1 + below(6000);
    round.options.reference = chance(5);
    round.readings = chance(50) ? 1 : 1 + below(60);
    round.loss = below(3) * below(15);
    round.copies = below(3) * below(15);
    round.delay = below(3) * below(15);
    round.pace = 1 + below(30);
    round.now = random_u32();
    round.goes_on = chance(50);
    return round;
}

void players_begin(const struct round *round, struct player *players)
{
    uint32_t i;

    memset(players, 0, PLAYERS_MOST * sizeof *players);
    for (i = 0; i < round->devices; i++) {
        uint32_t place =
            chance(50) ? i : MUSTER_DEVICE_IDS / round->workers - 1 - i; /* among the worker's */

        players[i].id = (uint16_t)(round->worker + round->workers * place);
        players[i].bits = chance(50) ? 32 : random_width();
        players[i].shares = chance(30);
        players[i].next = chance(50) ? below(3) : UINT64_C(0) - below(3000);
        players[i].clock = chance(90) ? 1762534152 : 0u - below(300);
        players[i].booted = players[i].clock;
        players[i].kind = chance(50) ? CLOCK_RIGHT : (enum player_clock)below(CLOCKS);
        players[i].is_shared = chance(20);
        players[i].other = players[i].next + random_step(round);
        players[i].alone_number = chance(5);
        players[i].wakes = chance(5);
    }
}

void players_pass(struct round *round, struct player *players)
{
    uint32_t seconds = below(round->pace) == 0, i;

    if (below(1000) == 0)
        seconds = chance(80) ? below(100) : chance(50) ? below(1000) : below(100000);
    round->now += seconds;
    for (i = 0; i < round->devices; i++) {
        players[i].clock += seconds;
        if (seconds > 1 && round->goes_on)
            players[i].next +=
                (uint64_t)seconds * round->pace * (1 + below(3)) / 2 / round->devices;
    }
}

uint32_t players_arrive(const struct round *round, struct player *player,
                        struct muster_record *events, uint32_t room)
{
    uint32_t further = 0;

    events[0] = arrive(round, player);
    while (further < room && has_further(player) &&
           ((events[0].marks & MUSTER_MARK_SHARED_NUMBER) != 0 || chance(95)))
        events[++further] = arrive(round, player);
    return further;
}
