// SPDX-License-Identifier: BSL-1.0
// tests/bench/libmilter_null.cpp - a milter on Sendmail's libmilter that continues with everything
//
//     libmilter_null SOCKET           all callbacks, each command sent and answered
//     libmilter_null --skip SOCKET    asks for as little as the MTA offers: no command, or else no answer
#include <libmilter/mfapi.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

namespace {

bool skip = false;

template <class... Arguments> sfsistat proceed(SMFICTX* /*context*/, Arguments... /*what*/) {
    return SMFIS_CONTINUE;
}

sfsistat negotiate(SMFICTX* /*context*/, unsigned long actions, unsigned long steps,
                   unsigned long /*2*/, unsigned long /*3*/, unsigned long* wanted_actions,
                   unsigned long* wanted_steps, unsigned long* wanted_2, unsigned long* wanted_3) {
    constexpr unsigned long unwanted =
        SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOMAIL | SMFIP_NORCPT | SMFIP_NOBODY | SMFIP_NOHDRS |
        SMFIP_NOEOH | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_NR_CONN | SMFIP_NR_HELO |
        SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_HDR | SMFIP_NR_EOH |
        SMFIP_NR_BODY | SMFIP_NR_UNKN;
    *wanted_actions = actions;
    *wanted_steps = skip ? steps & unwanted : 0;
    *wanted_2 = *wanted_3 = 0;
    return SMFIS_CONTINUE;
}

} // namespace

int main(int argc, char** argv) {
    skip = argc == 3 && std::string_view(argv[1]) == "--skip";
    if (argc != (skip ? 3 : 2)) return 64;
    char* const where = argv[argc - 1];
    if (std::strncmp(where, "unix:", 5) == 0) unlink(where + 5);

    smfiDesc null{};
    char name[] = "null";
    null.xxfi_name = name;
    null.xxfi_version = SMFI_VERSION;
    null.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY | SMFIF_ADDRCPT |
                      SMFIF_DELRCPT | SMFIF_QUARANTINE;
    null.xxfi_connect = proceed;
    null.xxfi_helo = proceed;
    null.xxfi_envfrom = proceed;
    null.xxfi_envrcpt = proceed;
    null.xxfi_header = proceed;
    null.xxfi_eoh = proceed;
    null.xxfi_body = proceed;
    null.xxfi_eom = proceed;
    null.xxfi_abort = proceed;
    null.xxfi_close = proceed;
    null.xxfi_unknown = proceed;
    null.xxfi_data = proceed;
    null.xxfi_negotiate = negotiate;
    if (smfi_setconn(where) != MI_SUCCESS || smfi_register(null) != MI_SUCCESS) return 1;
    smfi_setbacklog(1024);
    return smfi_main();
}
