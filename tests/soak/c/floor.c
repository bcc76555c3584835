// SPDX-License-Identifier: BSL-1.0
// tests/soak/c/floor.c - a milter that answers as fast as it can, for many sessions at once
//
//     floor unix:PATH|inet:PORT@A.B.C.D [-h NAME:VALUE] [-s] [-n]
//
// -h adds that header to each message, -s one that says how many bytes of body came and what their sum is ("X-Seen"),
// so that the driver sees whether all came as it was sent. -n: no replies to headers and body. A message whose sender
// begins with "<reject" is rejected at its end.
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
#include <unistd.h>

struct peer {
    int fd;
    unsigned in_header;
    uint8_t header[5];
    uint32_t left, at; // of the payload: bytes to come, bytes seen
    int reject;
    uint64_t size, sum;
};

static const char *add_name, *add_value;
static int tell_size;
static uint32_t steps;
static uint8_t out[1 << 16];
static size_t out_size;

static void reply(char code, const void *data, size_t size) {
    uint32_t length = htonl((uint32_t)size + 1);
    memcpy(out + out_size, &length, 4);
    out[out_size + 4] = (uint8_t)code;
    memcpy(out + out_size + 5, data, size);
    out_size += size + 5;
}

static void add_header(const char *name, const char *value) {
    char text[512];
    int size = snprintf(text, sizeof text, "%s%c%s", name, 0, value) + 1;
    reply('h', text, (size_t)size);
}

static void judge(struct peer *one) {
    char text[64];
    if (one->reject) {
        reply('r', "", 0);
        return;
    }
    if (add_name) add_header(add_name, add_value);
    snprintf(text, sizeof text, "%llu %016llx", (unsigned long long)one->size, (unsigned long long)one->sum);
    if (tell_size) add_header("X-Seen", text);
    reply('c', "", 0);
}

// A frame is over. Returns 0 when the connection is, too.
static int answer(struct peer *one, char code) {
    uint32_t agreed[3] = {htonl(6), htonl(0x1), htonl(steps)};
    switch (code) {
    case 'Q': return 0;
    case 'O': reply('O', agreed, sizeof agreed); break;
    case 'D':
    case 'A':
    case 'K': break;
    case 'E': judge(one); break;
    case 'L':
    case 'N':
    case 'B':
        if (steps) break;
        // fall through
    default: reply('c', "", 0);
    }
    return 1;
}

static void payload(struct peer *one, const uint8_t *data, size_t size) {
    if (one->header[4] == 'M' && one->at == 0) {
        one->reject = size >= 7 && memcmp(data, "<reject", 7) == 0;
        one->size = one->sum = 0;
    } else if (one->header[4] == 'B') {
        one->size += size;
        if (tell_size)
            for (size_t i = 0; i < size; ++i) one->sum = one->sum * 31 + data[i];
    }
    one->at += (uint32_t)size;
}

static int flush(struct peer *one) {
    int good = out_size == 0 || send(one->fd, out, out_size, MSG_NOSIGNAL) == (ssize_t)out_size;
    out_size = 0;
    return good;
}

static int serve(struct peer *one, const uint8_t *at, size_t size) {
    const uint8_t *end = at + size;
    while (at != end) {
        if (one->in_header < 5) {
            one->header[one->in_header++] = *at++;
            if (one->in_header < 5) continue;
            uint32_t length;
            memcpy(&length, one->header, 4);
            one->left = ntohl(length) - 1;
            one->at = 0;
        }
        size_t now = (size_t)(end - at) < one->left ? (size_t)(end - at) : one->left;
        payload(one, at, now);
        at += now;
        one->left -= (uint32_t)now;
        if (one->left) continue;
        one->in_header = 0;
        if (!answer(one, (char)one->header[4])) return 0;
        if (out_size > sizeof out - 2048 && !flush(one)) return 0;
    }
    return flush(one);
}

static int listen_at(const char *spec) {
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_in in = {.sin_family = AF_INET};
    char host[64];
    int port, is_unix = !strncmp(spec, "unix:", 5), on = 1;
    int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (is_unix) {
        strncpy(un.sun_path, spec + 5, sizeof un.sun_path - 1);
        unlink(un.sun_path);
    } else if (sscanf(spec, "inet:%d@%63s", &port, host) != 2 || inet_pton(AF_INET, host, &in.sin_addr) != 1) {
        exit(64);
    } else {
        in.sin_port = htons((uint16_t)port);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    struct sockaddr *where = is_unix ? (struct sockaddr *)&un : (struct sockaddr *)&in;
    if (bind(fd, where, is_unix ? sizeof un : sizeof in) < 0 || listen(fd, 4096) < 0) {
        perror(spec);
        exit(69);
    }
    return fd;
}

int main(int argc, char **argv) {
    if (argc < 2) return 64;
    for (int option; (option = getopt(argc, argv, "h:sn")) != -1;) switch (option) {
        case 'h':
            add_name = strtok(optarg, ":");
            add_value = strtok(NULL, "");
            break;
        case 's': tell_size = 1; break;
        case 'n': steps = 0xC0080; break;
        default: return 64;
        }
    struct rlimit most;
    getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
    int listener = listen_at(argv[optind]), poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN}, ready[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    static uint8_t room[1 << 17];
    for (;;) {
        int count = epoll_wait(poll, ready, 256, -1);
        for (int i = 0; i < count; ++i) {
            struct peer *one = ready[i].data.ptr;
            if (!one) {
                int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
                if (fd < 0) continue;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // fails on a unix socket: no matter
                one = calloc(1, sizeof *one);
                one->fd = fd;
                event.data.ptr = one;
                epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
                continue;
            }
            ssize_t size = recv(one->fd, room, sizeof room, 0);
            if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            if (size <= 0 || !serve(one, room, (size_t)size)) {
                close(one->fd);
                free(one);
                out_size = 0;
            }
        }
    }
}
