// SPDX-License-Identifier: BSL-1.0
// tests/compat/programs/header_milter.cpp - a filter that rewrites mail, as one writes them for libmilter
//
// Compiled twice, for libmilter and for the toolkit; MILTER_COMPAT is all that differs.
//
//     header_milter [-l LOG] SOCKET
//
// It has no xxfi_negotiate, and lacks some callbacks. What it does to a message stands in the message: headers X-Do, one
// edit or verdict each, in their order, carried out at the end.
#ifdef MILTER_COMPAT
#include <milter/compat/mfapi.hpp>
#else
#include <libmilter/mfapi.h>
#endif

#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

struct message {
    std::vector<std::string> orders;
    std::string body;
    int headers;
};

static FILE* trace = nullptr;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void say(std::string const& what) {
    if (!trace) return;
    pthread_mutex_lock(&lock);
    fprintf(trace, "%s\n", what.c_str());
    fflush(trace);
    pthread_mutex_unlock(&lock);
}

static message* of(SMFICTX* ctx) {
    message* own = static_cast<message*>(smfi_getpriv(ctx));
    if (own) return own;
    own = new message();
    smfi_setpriv(ctx, own);
    return own;
}

static void forget(SMFICTX* ctx) {
    message* own = static_cast<message*>(smfi_getpriv(ctx));
    delete own;
    smfi_setpriv(ctx, nullptr);
}

extern "C" {

static sfsistat hdr_envfrom(SMFICTX* ctx, char** argv) {
    forget(ctx);
    int count = 0;
    while (argv[count]) ++count;
    say("envfrom " + std::string(argv[0]) + " " + std::to_string(count));
    for (int i = 1; i < count; ++i) argv[i][0] = '-'; // the texts are ours to change
    if (smfi_addheader(ctx, const_cast<char*>("X-Early"), const_cast<char*>("no")) == MI_SUCCESS)
        say("an edit before the end of the message went through");
    return SMFIS_CONTINUE;
}

static sfsistat hdr_header(SMFICTX* ctx, char* name, char* value) {
    message* own = of(ctx);
    ++own->headers;
    say("header " + std::string(name) + ":" + value);
    if (strcasecmp(name, "X-Do") == 0) own->orders.push_back(value);
    if (strcasecmp(name, "X-Stop") == 0) return atoi(value);
    return SMFIS_CONTINUE;
}

static sfsistat hdr_body(SMFICTX* ctx, unsigned char* bytes, size_t size) {
    message* own = of(ctx);
    own->body.append(reinterpret_cast<char*>(bytes), size);
    say("body " + std::to_string(size));
    return SMFIS_CONTINUE;
}

static int carry_out(SMFICTX* ctx, message* own, std::string const& order, sfsistat* verdict) {
    std::istringstream in(order);
    std::string what, a, b;
    int index = 0;
    in >> what;
    if (what == "insheader" || what == "chgheader" || what == "verdict" || what == "progress")
        in >> index;
    in >> a;
    std::getline(in, b);
    char* first = &a[0];
    char* rest = b.empty() ? nullptr : &b[0];
    if (what == "addheader") return smfi_addheader(ctx, first, rest);
    if (what == "insheader") return smfi_insheader(ctx, index, first, rest);
    if (what == "chgheader") return smfi_chgheader(ctx, first, index, rest);
    if (what == "chgfrom") return smfi_chgfrom(ctx, first, rest);
    if (what == "addrcpt") return smfi_addrcpt(ctx, first);
    if (what == "addrcpt_par") return smfi_addrcpt_par(ctx, first, rest);
    if (what == "delrcpt") return smfi_delrcpt(ctx, first);
    if (what == "quarantine") return smfi_quarantine(ctx, first);
    if (what == "setreply") return smfi_setreply(ctx, first, nullptr, rest);
    if (what == "setreply5") return smfi_setreply(ctx, first, const_cast<char*>("5.7.9"), rest);
    if (what == "setmlreply")
        return smfi_setmlreply(ctx, first, nullptr, "one", "two", static_cast<char*>(nullptr));
    if (what == "upper" || what == "twice") {
        std::string body = what == "twice" ? own->body + own->body : own->body;
        for (char& c : body)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
        return smfi_replacebody(ctx, reinterpret_cast<unsigned char*>(&body[0]),
                                static_cast<int>(body.size()));
    }
    if (what == "nobody") return smfi_replacebody(ctx, nullptr, 0);
    if (what == "verdict") {
        *verdict = index;
        return MI_SUCCESS;
    }
    if (what == "progress") {
        int done = MI_SUCCESS;
        while (index-- > 0 && done == MI_SUCCESS) done = smfi_progress(ctx);
        return done;
    }
    return MI_FAILURE;
}

static sfsistat hdr_eom(SMFICTX* ctx) {
    message* own = of(ctx);
    sfsistat verdict = SMFIS_CONTINUE;
    say("eom " + std::to_string(own->headers) + " " + std::to_string(own->body.size()));
    for (std::string const& order : own->orders)
        say(order + " = " + std::to_string(carry_out(ctx, own, order, &verdict)));
    forget(ctx);
    return verdict;
}

static sfsistat hdr_abort(SMFICTX* ctx) {
    say("abort");
    forget(ctx);
    return SMFIS_CONTINUE;
}

static sfsistat hdr_close(SMFICTX* ctx) {
    say("close");
    forget(ctx);
    return SMFIS_CONTINUE;
}

} // extern "C"

int main(int argc, char** argv) {
    int option;
    while ((option = getopt(argc, argv, "l:")) != -1)
        if (option == 'l') trace = fopen(optarg, "w");
    if (optind + 1 != argc) return 64;
    struct smfiDesc description;
    memset(&description, 0, sizeof description);
    description.xxfi_name = const_cast<char*>("header_milter");
    description.xxfi_version = SMFI_VERSION;
    description.xxfi_flags =
        SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY | SMFIF_ADDRCPT | SMFIF_DELRCPT;
    if (!getenv("HEADER_MILTER_OLD_MTA"))
        description.xxfi_flags |= SMFIF_CHGFROM | SMFIF_ADDRCPT_PAR | SMFIF_QUARANTINE;
    description.xxfi_envfrom = hdr_envfrom;
    description.xxfi_header = hdr_header;
    description.xxfi_body = hdr_body;
    description.xxfi_eom = hdr_eom;
    description.xxfi_abort = hdr_abort;
    description.xxfi_close = hdr_close;
    unsigned int major, minor, level;
    smfi_version(&major, &minor, &level);
    if (major != SM_LM_VRS_MAJOR(SMFI_VERSION)) return 70;
    if (smfi_setconn(argv[optind]) == MI_FAILURE || smfi_register(description) == MI_FAILURE)
        return 70;
    if (smfi_setbacklog(100) == MI_FAILURE || smfi_setbacklog(0) == MI_SUCCESS) return 70;
    return smfi_main() == MI_SUCCESS ? 0 : 1;
}
