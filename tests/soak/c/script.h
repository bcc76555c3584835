// SPDX-License-Identifier: BSL-1.0
// tests/soak/c/script.h - what a session of load.c says: all packets in one run of bytes, so that what needs no answer
// goes out in one write
#pragma once

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct step {
    size_t begin, end; // in the script
    char code;
    uint32_t no_reply; // bit of the agreed steps with which none is due
};
enum { S_OPEN, S_CONNECT, S_HELO, S_MAIL, S_MAIL_REJECTED, S_RCPT, S_DATA };

static uint8_t *script;
static size_t script_size, script_room;
static struct step steps[1 << 13];
static unsigned step_count;
static char seen_due[64]; // what a milter that has seen all of the body says of it

static void put(const void *data, size_t size) {
    if (script_size + size > script_room) {
        script_room = (script_size + size) * 2;
        script = realloc(script, script_room);
        if (!script) exit(71);
    }
    memcpy(script + script_size, data, size);
    script_size += size;
}

static void frame(char code, const void *data, size_t size) {
    uint32_t length = htonl((uint32_t)size + 1);
    put(&length, 4);
    put(&code, 1);
    put(data, size);
}

static void step(char code, uint32_t no_reply, const char *macros, size_t macros_size, const void *data, size_t size) {
    struct step *one = &steps[step_count++];
    *one = (struct step){.begin = script_size, .code = code, .no_reply = no_reply};
    if (code == 'M') frame('A', "", 0); // as Postfix does after each message
    if (macros) frame('D', macros, macros_size);
    frame(code, data, size);
    one->end = script_size;
}

#define TEXT(text) text, sizeof text - 1
#define FIELDS(text) text, sizeof text // with the NUL at the end

static void make_script(long body_bytes) {
    uint32_t offer[3] = {htonl(6), htonl(0x1FF), htonl(0x1FFFFF)};
    step('O', 0, NULL, 0, offer, sizeof offer);
    step('C', 0x1000, FIELDS("Cj\0mx.example\0{daemon_name}\0mx.example\0v\0Postfix 3.7.11"),
         FIELDS("client.example\0" "4\x1f\x90" "192.0.2.1"));
    step('H', 0x2000, NULL, 0, FIELDS("client.example"));
    step('M', 0x4000, FIELDS("M{mail_addr}\0alice@client.example"), FIELDS("<alice@client.example>\0SIZE=1000"));
    step('M', 0x4000, FIELDS("M{mail_addr}\0reject@client.example"), FIELDS("<reject@client.example>\0SIZE=1000"));
    step('R', 0x8000, FIELDS("R{rcpt_addr}\0bob@mx.example\0{rcpt_mailer}\0relay"), FIELDS("<bob@mx.example>"));
    step('T', 0x10000, FIELDS("Ti\0" "4SOAK"), "", 0);
    step('L', 0x80, FIELDS("Li\0" "4SOAK"), FIELDS("From\0 alice@client.example"));
    step('L', 0x80, FIELDS("Li\0" "4SOAK"), FIELDS("To\0 bob@mx.example"));
    step('L', 0x80, FIELDS("Li\0" "4SOAK"), FIELDS("Subject\0 a message"));
    step('N', 0x40000, FIELDS("Ni\0" "4SOAK"), "", 0);
    static uint8_t chunk[65535];
    uint64_t sum = 0, state = 1;
    for (long left = body_bytes; left > 0;) {
        long size = left < (long)sizeof chunk ? left : (long)sizeof chunk;
        for (long i = 0; i < size; ++i) {
            state = state * 6364136223846793005u + 1442695040888963407u; // so that a piece in a wrong place shows
            chunk[i] = i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : (uint8_t)('a' + (state >> 60));
            sum = sum * 31 + chunk[i];
        }
        step('B', 0x80000, FIELDS("Bi\0" "4SOAK"), chunk, (size_t)size);
        left -= size;
    }
    step('E', 0, FIELDS("Ei\0" "4SOAK"), "", 0);
    snprintf(seen_due, sizeof seen_due, "%ld %016llx", body_bytes, (unsigned long long)sum);
}
