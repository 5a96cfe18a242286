/* SPDX-License-Identifier: MIT
 *
 * One request is answered at a time; others wait in the socket.
 */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void client_begin(struct client *client, int fd, uint64_t now_ns)
{
    *client = (struct client){.fd = fd, .moved_ns = now_ns};
}

static void end_answer(struct client *client)
{
    const struct command *command = client->request.command;

    if (client->answering && command->end != NULL && client->report.state != NULL)
        command->end(&client->report);
    client->answering = client->waits = false;
    request_free(&client->request);
}

void client_end(struct client *client)
{
    if (client->fd < 0)
        return;
    end_answer(client);
    close(client->fd);
    free(client->incoming);
    free(client->out.bytes);
    *client = (struct client){.fd = -1};
}

static size_t waiting(const struct client *client)
{
    return client->out.used - client->sent;
}

static bool has_line(const struct client *client)
{
    return client->incoming_used > 0 &&
           memchr(client->incoming, '\n', client->incoming_used) != NULL;
}

bool client_is_busy(const struct client *client)
{
    if (client->leaving || client->waits)
        return false;
    return waiting(client) < CLIENT_OUTGOING && (client->answering || has_line(client));
}

short client_events(const struct client *client)
{
    bool hears = !client->answering && !client->leaving && waiting(client) == 0 &&
                 client->incoming_used < REQUEST_MOST;

    return (short)((hears ? POLLIN : 0) | (waiting(client) > 0 ? POLLOUT : 0));
}

void client_refuse(struct client *client, const char *why)
{
    client->report = (struct report){.out = &client->out};
    snprintf(client->report.why, sizeof client->report.why, "%s", why);
    report_end(&client->report, false);
    client->leaving = true;
}

/* ---- in ------------------------------------------------------------------------------- */

/* Returns false when the client is gone. */
static bool hear(struct client *client, uint64_t now_ns)
{
    ssize_t got;

    if (client->incoming == NULL && (client->incoming = malloc(REQUEST_MOST)) == NULL)
        return false;
    got = recv(client->fd, client->incoming + client->incoming_used,
               REQUEST_MOST - client->incoming_used, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0)
        return false;
    client->incoming_used += (size_t)got;
    client->moved_ns = now_ns;
    return true;
}

static void begin_answer(struct client *client, const struct collector_view *view,
                         struct about *about)
{
    char *end = memchr(client->incoming, '\n', client->incoming_used);
    size_t size = (size_t)(end - client->incoming);

    client->report = (struct report){
        .view = view, .about = about, .request = &client->request, .out = &client->out};
    client->answering = request_parse(&client->request, client->incoming, size, command_table,
                                      command_count, client->report.why) == 0;
    client->incoming_used -= size + 1;
    memmove(client->incoming, end + 1, client->incoming_used);
    if (client->answering)
        return;
    report_end(&client->report, false);
    end_answer(client);
}

/* ---- out ------------------------------------------------------------------------------ */

static void go_on(struct client *client)
{
    while (client->answering && waiting(client) < CLIENT_OUTGOING) {
        enum command_step step = client->request.command->step(&client->report);

        client->waits = step == STEP_WAIT;
        if (step == STEP_MORE || step == STEP_WAIT)
            return; /* others have their turn */
        report_end(&client->report, step == STEP_DONE);
        end_answer(client);
    }
}

/* Returns false when the client is gone. */
static bool say(struct client *client, uint64_t now_ns)
{
    ssize_t went;

    if (waiting(client) == 0)
        return true;
    went = send(client->fd, client->out.bytes + client->sent, waiting(client),
                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (went < 0)
        return errno == EAGAIN || errno == EINTR;
    client->moved_ns = now_ns;
    client->sent += (size_t)went;
    memmove(client->out.bytes, client->out.bytes + client->sent, waiting(client));
    client->out.used = waiting(client);
    client->sent = 0;
    return true;
}

bool client_turn(struct client *client, short events, uint64_t now_ns,
                 const struct collector_view *view, struct about *about)
{
    if ((events & (POLLERR | POLLNVAL)) != 0 || ((events & POLLHUP) != 0 && (events & POLLIN) == 0))
        return false;
    if ((events & POLLIN) != 0 && !hear(client, now_ns))
        return false;
    if (!client->answering && !client->leaving && waiting(client) == 0 && has_line(client))
        begin_answer(client, view, about);
    else if (client->incoming_used == REQUEST_MOST && !client->answering && !client->leaving &&
             !has_line(client))
        client_refuse(client, "a request without an end; expected a line of less than 65536 bytes");
    go_on(client);
    if (client->out.lost || !say(client, now_ns))
        return false;
    if (waiting(client) > 0)
        return now_ns - client->moved_ns < CLIENT_PATIENCE;
    return !client->leaving;
}
