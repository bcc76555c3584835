// SPDX-License-Identifier: BSL-1.0
// tests/soak/c/load.c - an MTA that sends as much as it is told to, and looks at each answer
//
//     load unix:PATH|inet:PORT@A.B.C.D [options]
//
//  -c N  sessions at once            -m N  messages of a session, then a new one (0: all of them)
//  -n N  messages in all             -t S  no new ones after this many seconds
//  -r N  messages a second (0: as fast as they are answered)
//  -b N  bytes of body               -x N  each Nth message is one that the milter rejects
//  -v    the milter says what it saw of the body: look whether it is all
//  -i    open the sessions up to HELO, say "ready", hold them until the input ends, then QUIT
//  -p    say "tenth N" at each tenth part of -n
//
// Offers what Postfix offers and sends its macros. The last line of its output is one object of JSON. A message is
// "failed" when any answer is another than was due; a connection that is lost or stuck fails its message.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "script.h"

enum { STUCK_AFTER = 60 }; // seconds without any progress

struct session {
    int fd, rejected, broken, writing;
    unsigned step;
    size_t at, end; // of the script: not sent yet
    uint32_t agreed;
    long messages;
    int seen;
    double began; // the message
    size_t have;
    uint8_t in[4096];
    uint32_t skip;
    struct session *next_idle;
};

static struct sockaddr_storage where;
static socklen_t where_size;
static int family, poller, verify, hold, tell_progress;
static long sessions_at_once = 1, per_session, total = 1, body_bytes = 100, reject_each;
static double rate, seconds_most = 1e9, start, last_progress;
static long started, ended, failed, opened, ready, closed;
static char first_failure[256];
static float *latency;
static struct session *idle;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// ---- sessions

static void begin_message(struct session *one);
static void open_session(struct session *one);

static void wrong(struct session *one, const char *what) {
    if (!one->broken && !first_failure[0])
        snprintf(first_failure, sizeof first_failure, "session %ld, after %.3f s, at %c: %s", opened, now() - start,
                 steps[one->step].code, what);
    one->broken = 1;
}

static int more(void) { return started < total && now() - start < seconds_most; }

static void message_over(struct session *one) {
    last_progress = now();
    if (ended < total) latency[ended] = (float)(last_progress - one->began);
    ++ended;
    failed += one->broken;
    if (tell_progress && total >= 10 && ended % (total / 10) == 0) {
        printf("tenth %ld\n", ended / (total / 10));
        fflush(stdout);
    }
}

static void hang_up(struct session *one, int politely) {
    static const uint8_t quit[] = {0, 0, 0, 1, 'A', 0, 0, 0, 1, 'Q'};
    if (politely) (void)!send(one->fd, quit, sizeof quit, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(one->fd);
    one->fd = -1;
    ++closed;
}

static void lost(struct session *one, const char *what) {
    wrong(one, what);
    if (one->began == 0) { // before its first message: counts as one
        if (!hold) ++started;
        one->began = now();
    }
    message_over(one);
    hang_up(one, 0);
    if (!hold && more()) open_session(one);
}

static void watch(struct session *one, int writing) {
    if (one->writing == writing) return;
    one->writing = writing;
    struct epoll_event event = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = one};
    epoll_ctl(poller, EPOLL_CTL_MOD, one->fd, &event);
}

static void flush(struct session *one) {
    while (one->at != one->end) {
        size_t size = one->end - one->at < 1 << 20 ? one->end - one->at : 1 << 20;
        ssize_t sent = send(one->fd, script + one->at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) return watch(one, 1);
        if (sent < 0) return; // the reason is read
        one->at += (size_t)sent;
        last_progress = now();
    }
    watch(one, 0);
}

/// Sends this step, and those after it up to the first that is answered.
static void go(struct session *one, unsigned to) {
    one->at = steps[to].begin;
    while (steps[to].no_reply & one->agreed) ++to;
    one->step = to;
    one->end = steps[to].end;
    flush(one);
}

static void begin_message(struct session *one) {
    if (!more() || (per_session && one->messages >= per_session)) {
        hang_up(one, 1);
        if (more()) open_session(one);
        return;
    }
    if (rate > 0 && now() < start + (double)started / rate) {
        one->next_idle = idle;
        idle = one;
        return;
    }
    ++started;
    ++one->messages;
    one->began = now();
    one->broken = one->seen = 0;
    one->rejected = reject_each && started % reject_each == 0;
    go(one, one->rejected ? S_MAIL_REJECTED : S_MAIL);
}

static void verdict(struct session *one, char code) {
    char const at = steps[one->step].code;
    char text[64];
    if (at == 'E') {
        int good = one->rejected ? code == 'r' : code == 'c' || code == 'a';
        snprintf(text, sizeof text, "verdict %c", code);
        if (!good) wrong(one, text);
        if (verify && !one->rejected && !one->seen) wrong(one, "the milter did not say that it saw all of the body");
        message_over(one);
        return begin_message(one);
    }
    if (code != 'c') {
        snprintf(text, sizeof text, "answered %c", code);
        return lost(one, text);
    }
    if (at == 'H') {
        ++ready;
        last_progress = now();
        if (!hold) begin_message(one);
        return;
    }
    go(one, one->step == S_MAIL ? S_RCPT : one->step + 1);
}

static void reply(struct session *one, char code, const uint8_t *data, size_t size) {
    if (steps[one->step].code == 'O') {
        if (code != 'O' || size < 12) return lost(one, "negotiation");
        uint32_t agreed;
        memcpy(&agreed, data + 8, 4);
        one->agreed = ntohl(agreed);
        return go(one, S_CONNECT);
    }
    if (code == 'p') return;
    if (strchr("hi", code) && size > 8) {
        const uint8_t *name = data + (code == 'i' ? 4 : 0);
        const char *value = (const char *)memchr(name, 0, size);
        if (!strcmp((const char *)name, "X-Seen"))
            one->seen = value && !strcmp(value + 1 + strspn(value + 1, " "), seen_due);
        return;
    }
    if (strchr("m+-2eqb", code)) return;
    verdict(one, code);
}

static void readable(struct session *one) {
    int fd = one->fd;
    ssize_t size = recv(fd, one->in + one->have, sizeof one->in - one->have, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return lost(one, size ? strerror(errno) : "closed");
    one->have += (size_t)size;
    size_t at = 0;
    while (one->have - at >= 5) {
        uint32_t length;
        memcpy(&length, one->in + at, 4);
        length = ntohl(length);
        if (length < 1 || length > sizeof one->in - 4) return lost(one, "a packet of no sensible size");
        if (one->have - at < length + 4) break;
        reply(one, (char)one->in[at + 4], one->in + at + 5, length - 1);
        if (one->fd != fd || one->have == 0) return; // it has ended
        at += length + 4;
    }
    memmove(one->in, one->in + at, one->have - at);
    one->have -= at;
}

static void open_session(struct session *one) {
    ++opened;
    memset(one, 0, sizeof *one);
    one->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (family == AF_INET) setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // waits for room in the listener's queue, which is what an MTA does
    if (one->fd < 0 || connect(one->fd, (struct sockaddr *)&where, where_size) < 0) {
        char text[128];
        snprintf(text, sizeof text, "connecting: %s", strerror(errno));
        wrong(one, text);
        if (one->fd >= 0) close(one->fd);
        one->fd = -1;
        ++closed;
        ++started;
        one->began = now();
        message_over(one);
        return;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
    epoll_ctl(poller, EPOLL_CTL_ADD, one->fd, &event);
    go(one, S_OPEN);
}

// ---- from here on: the whole

/// Those whose turn has come by -r begin their next message; how long until the next one's turn, in ms.
static int wake(void) {
    while (idle) {
        double due = start + (double)started / rate - now();
        if (due > 0 && more()) return due < 0.05 ? 1 + (int)(due * 1000) : 50;
        struct session *one = idle;
        idle = one->next_idle;
        begin_message(one);
    }
    return 200;
}

static void address(const char *spec) {
    struct sockaddr_un *un = (struct sockaddr_un *)&where;
    struct sockaddr_in *in = (struct sockaddr_in *)&where;
    char host[64];
    int port;
    if (!strncmp(spec, "unix:", 5)) {
        family = un->sun_family = AF_UNIX;
        strncpy(un->sun_path, spec + 5, sizeof un->sun_path - 1);
        where_size = sizeof *un;
        return;
    }
    family = in->sin_family = AF_INET;
    where_size = sizeof *in;
    if (sscanf(spec, "inet:%d@%63s", &port, host) != 2 || inet_pton(AF_INET, host, &in->sin_addr) != 1) exit(64);
    in->sin_port = htons((uint16_t)port);
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double at_percent(long count, double percent) {
    return count ? 1000 * (double)latency[(long)((double)(count - 1) * percent / 100)] : 0;
}

static void tell(void) {
    long count = ended < total ? ended : total;
    double seconds = now() - start;
    qsort(latency, (size_t)count, sizeof *latency, by_value);
    for (char *p = first_failure; *p; ++p)
        if (*p == '"' || *p == '\\' || *p < ' ') *p = '?';
    printf("{\"messages\": %ld, \"failed\": %ld, \"sessions\": %ld, \"seconds\": %.3f, \"per_second\": %.1f, "
           "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"first_failure\": \"%s\"}\n",
           ended, failed, opened, seconds, (double)ended / seconds, at_percent(count, 50), at_percent(count, 99),
           at_percent(count, 100), first_failure);
}

static void options(int argc, char **argv) {
    if (argc < 2) exit(64);
    for (int option; (option = getopt(argc, argv, "c:m:n:t:r:b:x:vip")) != -1;) switch (option) {
        case 'c': sessions_at_once = atol(optarg); break;
        case 'm': per_session = atol(optarg); break;
        case 'n': total = atol(optarg); break;
        case 't': seconds_most = atof(optarg); break;
        case 'r': rate = atof(optarg); break;
        case 'b': body_bytes = atol(optarg); break;
        case 'x': reject_each = atol(optarg); break;
        case 'v': verify = 1; break;
        case 'i': hold = 1; break;
        case 'p': tell_progress = 1; break;
        default: exit(64);
        }
    address(argv[optind]);
    struct rlimit most;
    getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
}

int main(int argc, char **argv) {
    options(argc, argv);
    make_script(body_bytes);
    latency = calloc((size_t)total + 1, sizeof *latency);
    struct session *all = calloc((size_t)sessions_at_once, sizeof *all);
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN}, events[256];
    if (hold) epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event);
    start = last_progress = now();
    int said_ready = 0, holding = hold;
    for (long i = 0; i < sessions_at_once && (hold || more()); ++i) {
        open_session(&all[i]);
        if (hold) { // lets the others get on: the listener's queue is short
            for (int k = epoll_wait(poller, events, 256, 0), j = 0; j < k; ++j)
                if (events[j].data.ptr) readable(events[j].data.ptr);
        }
    }
    while (hold ? holding : closed < opened) {
        int wait = rate > 0 ? wake() : 200;
        int count = epoll_wait(poller, events, 256, wait);
        for (int i = 0; i < count; ++i) {
            struct session *one = events[i].data.ptr;
            if (!one) {
                holding = 0; // the input has ended
                continue;
            }
            if (one->fd >= 0 && (events[i].events & EPOLLOUT)) flush(one);
            if (one->fd >= 0 && (events[i].events & ~(uint32_t)EPOLLOUT)) readable(one);
        }
        if (hold && !said_ready && (ready + ended >= sessions_at_once || now() - last_progress > STUCK_AFTER)) {
            said_ready = 1;
            printf("ready %ld %.3f\n", ready, now() - start);
            fflush(stdout);
        }
        if (!hold && now() - last_progress > STUCK_AFTER) {
            snprintf(first_failure, sizeof first_failure, "stuck: no answer for %d s", STUCK_AFTER);
            for (long i = 0; i < sessions_at_once; ++i)
                if (all[i].fd >= 0) ++failed;
            break;
        }
    }
    if (hold)
        for (long i = 0; i < sessions_at_once; ++i)
            if (all[i].fd >= 0) hang_up(&all[i], 1);
    tell();
    return failed ? 1 : 0;
}
