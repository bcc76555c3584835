// SPDX-License-Identifier: BSL-1.0
// tests/compat/programs/greylist_milter.cpp - a greylisting filter as one writes them for libmilter
//
// Compiled twice, for libmilter and for the toolkit; MILTER_COMPAT is all that differs.
//
//     greylist_milter [-l LOG] [-n none|all|noreply|reject|macros] SOCKET
//
// A client, sender, recipient that is seen for the first time is put off; what was put off once passes. -n: how it negotiates.
#ifdef MILTER_COMPAT
#include <milter/compat/mfapi.hpp>
#else
#include <libmilter/mfapi.h>
#endif

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>

struct session {
    std::string client;
    std::string helo;
    std::string sender;
    int recipients = 0;
    int put_off = 0;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static std::set<std::string> seen;
static FILE* trace = nullptr;
static char const* negotiation = "none";
static bool may_skip = false; // all MTAs of this filter are alike

static void say(char const* what, std::string const& more = "") {
    if (!trace) return;
    pthread_mutex_lock(&lock);
    fprintf(trace, "%s %s\n", what, more.c_str());
    fflush(trace);
    pthread_mutex_unlock(&lock);
}

static std::string macro(SMFICTX* ctx, char const* name) {
    char const* value = smfi_getsymval(ctx, const_cast<char*>(name));
    return value ? value : "-";
}

static std::string address_text(_SOCK_ADDR* address) {
    char text[256] = "unknown";
    if (!address) return text;
    if (address->sa_family == AF_INET) {
        auto const* in = reinterpret_cast<sockaddr_in*>(address);
        inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
        return std::string(text) + "," + std::to_string(ntohs(in->sin_port));
    }
    if (address->sa_family == AF_INET6) {
        auto const* in = reinterpret_cast<sockaddr_in6*>(address);
        inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
        return std::string(text) + "," + std::to_string(ntohs(in->sin6_port));
    }
    return reinterpret_cast<sockaddr_un*>(address)->sun_path;
}

static std::string joined(char** argv) {
    std::string text;
    for (int i = 0; argv[i]; ++i) text += (i ? "|" : "") + std::string(argv[i]);
    return text;
}

/// Every second callback may be one that was agreed not to be answered.
static sfsistat go_on() {
    return strcmp(negotiation, "noreply") == 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_negotiate(SMFICTX* ctx, unsigned long f0, unsigned long f1, unsigned long f2,
                             unsigned long f3, unsigned long* pf0, unsigned long* pf1,
                             unsigned long* pf2, unsigned long* pf3) {
    char text[200];
    snprintf(text, sizeof text, "%lx %lx %lx %lx, %lx %lx %lx %lx", f0, f1, f2, f3, *pf0, *pf1,
             *pf2, *pf3);
    say("negotiate", text);
    may_skip = (f1 & SMFIP_SKIP) != 0;
    if (strcmp(negotiation, "reject") == 0) return SMFIS_REJECT;
    if (strcmp(negotiation, "all") == 0) return SMFIS_ALL_OPTS;
    *pf0 = f0 & (SMFIF_ADDHDRS | SMFIF_QUARANTINE | SMFIF_SETSYMLIST);
    *pf2 = *pf3 = 0;
    if (strcmp(negotiation, "noreply") == 0)
        *pf1 |= SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_HDR | SMFIP_NR_EOH;
    if (strcmp(negotiation, "macros") == 0 && (f0 & SMFIF_SETSYMLIST) != 0) {
        char connect[] = "j {daemon_name} {client_addr}", mail[] = "i {mail_addr} {auth_type}";
        if (smfi_setsymlist(ctx, SMFIM_CONNECT, connect) != MI_SUCCESS) return SMFIS_REJECT;
        if (smfi_setsymlist(ctx, SMFIM_ENVFROM, mail) != MI_SUCCESS) return SMFIS_REJECT;
        if (smfi_setsymlist(ctx, SMFIM_ENVFROM, mail) == MI_SUCCESS) return SMFIS_REJECT;
        if (smfi_setsymlist(ctx, 7, mail) == MI_SUCCESS) return SMFIS_REJECT;
        *pf1 |= f1 & (SMFIP_RCPT_REJ | SMFIP_HDR_LEADSPC);
    }
    return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX* ctx, char* host, _SOCK_ADDR* address) {
    session* own = new session;
    own->client = address_text(address);
    smfi_setpriv(ctx, own);
    say("connect", std::string(host) + " " + own->client + " j=" + macro(ctx, "j") +
                       " {j}=" + macro(ctx, "{j}") + " daemon=" + macro(ctx, "{daemon_name}"));
    if (strstr(host, "drop.")) {
        smfi_setreply(ctx, const_cast<char*>("554"), const_cast<char*>("5.7.0"),
                      const_cast<char*>("not you"));
        return SMFIS_REJECT;
    }
    if (strstr(host, "trusted.")) return SMFIS_ACCEPT;
    return go_on();
}

static sfsistat on_helo(SMFICTX* ctx, char* name) {
    session* own = static_cast<session*>(smfi_getpriv(ctx));
    say("helo", name);
    if (own) own->helo = name;
    return go_on();
}

static sfsistat on_envfrom(SMFICTX* ctx, char** argv) {
    session* own = static_cast<session*>(smfi_getpriv(ctx));
    say("envfrom",
        joined(argv) + " mail_addr=" + macro(ctx, "{mail_addr}") + " j=" + macro(ctx, "j"));
    if (!own) return SMFIS_TEMPFAIL;
    own->sender = argv[0];
    own->recipients = own->put_off = 0;
    if (strstr(argv[0], "accept@")) return SMFIS_ACCEPT;
    if (strstr(argv[0], "discard@")) return SMFIS_DISCARD;
    if (strstr(argv[0], "late@")) // a text that waits for its verdict
        smfi_setreply(ctx, const_cast<char*>("550"), const_cast<char*>("5.1.2"),
                      const_cast<char*>("said earlier"));
    return SMFIS_CONTINUE;
}

static sfsistat on_envrcpt(SMFICTX* ctx, char** argv) {
    session* own = static_cast<session*>(smfi_getpriv(ctx));
    say("envrcpt", joined(argv) + " rcpt_addr=" + macro(ctx, "{rcpt_addr}"));
    if (!own) return SMFIS_TEMPFAIL;
    ++own->recipients;
    if (strstr(argv[0], "nobody@")) return SMFIS_REJECT;
    if (strstr(argv[0], "discard@")) return SMFIS_DISCARD;
    if (strstr(argv[0], "many@")) {
        smfi_setmlreply(ctx, "550", "5.1.1", "first line", "second line", "third 100%%",
                        static_cast<char*>(nullptr));
        return SMFIS_REJECT;
    }
    std::string const triplet = own->client + " " + own->sender + " " + argv[0];
    pthread_mutex_lock(&lock);
    bool const is_new = seen.insert(triplet).second;
    pthread_mutex_unlock(&lock);
    if (!is_new || own->client.compare(0, 3, "10.") == 0) return SMFIS_CONTINUE;
    ++own->put_off;
    smfi_setreply(ctx, const_cast<char*>("451"), const_cast<char*>("4.7.1"),
                  const_cast<char*>("greylisted, come again"));
    return SMFIS_TEMPFAIL;
}

static sfsistat on_unknown(SMFICTX* ctx, char const* command) {
    say("unknown", command);
    if (strncmp(command, "BAD", 3) != 0) return SMFIS_CONTINUE;
    smfi_setreply(ctx, const_cast<char*>("502"), nullptr, const_cast<char*>("no such thing"));
    return SMFIS_REJECT;
}

static sfsistat on_data(SMFICTX* ctx) {
    session* own = static_cast<session*>(smfi_getpriv(ctx));
    say("data", "i=" + macro(ctx, "i"));
    return own && own->put_off != 0 && own->put_off == own->recipients ? SMFIS_TEMPFAIL
                                                                       : SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX* ctx, char* name, char* value) {
    (void)ctx;
    say("header", std::string(name) + "=" + value);
    return go_on();
}

static sfsistat on_eoh(SMFICTX* ctx) {
    (void)ctx;
    say("eoh");
    return go_on();
}

static sfsistat on_body(SMFICTX* ctx, unsigned char* bytes, size_t size) {
    (void)ctx;
    say("body", std::to_string(size) + " " +
                    std::string(reinterpret_cast<char*>(bytes), size < 5 ? size : 5));
    return may_skip ? SMFIS_SKIP : SMFIS_CONTINUE;
}

static sfsistat on_eom(SMFICTX* ctx) {
    session* own = static_cast<session*>(smfi_getpriv(ctx));
    say("eom", "i=" + macro(ctx, "i") + " rcpt_addr=" + macro(ctx, "{rcpt_addr}"));
    char name[] = "X-Greylist", no[] = "";
    std::string text = "passed, " + std::to_string(own ? own->recipients : 0) + " recipients of " +
                       (own ? own->helo : "nobody");
    say("addheader", std::to_string(smfi_addheader(ctx, name, &text[0])));
    say("addheader no name", std::to_string(smfi_addheader(ctx, no, &text[0])));
    say("chgheader not asked for", std::to_string(smfi_chgheader(ctx, name, 1, no)));
    return SMFIS_CONTINUE;
}

static sfsistat on_abort(SMFICTX* ctx) {
    session* own = static_cast<session*>(smfi_getpriv(ctx));
    say("abort", own ? own->sender : "-");
    return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX* ctx) {
    session* own = static_cast<session*>(smfi_getpriv(ctx));
    say("close", own ? own->client : "-");
    delete own;
    smfi_setpriv(ctx, nullptr);
    return SMFIS_CONTINUE;
}

static char filter_name[] = "greylist";

static struct smfiDesc description = {
    filter_name, SMFI_VERSION, SMFIF_ADDHDRS, on_connect,   on_helo, on_envfrom,
    on_envrcpt,  on_header,    on_eoh,        on_body,      on_eom,  on_abort,
    on_close,    on_unknown,   on_data,       on_negotiate,
};

int main(int argc, char** argv) {
    int option;
    while ((option = getopt(argc, argv, "l:n:")) != -1) {
        if (option == 'l') trace = fopen(optarg, "w");
        if (option == 'n') negotiation = optarg;
    }
    if (optind + 1 != argc) return 64;
    if (strcmp(negotiation, "none") == 0) description.xxfi_negotiate = nullptr;
    if (smfi_setconn(argv[optind]) == MI_FAILURE) return 69;
    if (smfi_register(description) == MI_FAILURE) return 70;
    smfi_settimeout(600);
    if (smfi_opensocket(true) == MI_FAILURE) return 71;
    return smfi_main() == MI_SUCCESS ? 0 : 1;
}
