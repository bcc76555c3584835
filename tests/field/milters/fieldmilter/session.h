/* SPDX-License-Identifier: BSL-1.0
 *
 * fieldmilter - a libmilter filter that exercises every callback and every
 * modification, driven by what is in the SMTP session itself.
 *
 * Built against Sendmail's own libmilter, so what it puts on the wire is what
 * real C milters put on the wire.
 *
 * Two control languages:
 *
 * 1. Tokens  <name>-<stage>-<action>  anywhere in the connecting host name, the
 *    HELO argument, a MAIL/RCPT address or an "X-Act:" header.  <name> is this
 *    filter's -n name or "all".  Characters outside [a-z0-9-] separate tokens.
 *      stages : connect helo mail rcpt data unknown header eoh body eom
 *      actions: continue accept discard reject tempfail skip
 *               replyNNN  (smfi_setreply NNN + matching reject/tempfail)
 *               mlNNN     (smfi_setmlreply NNN, three lines)
 *               badreplyNNN (setreply NNN but then return continue)
 *               die       (_exit: the whole process goes, the parent respawns it)
 *               hang      (send no reply at all)   sleepN (N seconds)
 *               quarantine addheader addrcpt (illegal outside eom: logs rc)
 *    An rcpt token in an RCPT address applies to that recipient only.
 *    The client address 127.9.M.A (M: 1=a 2=b 3=c 9=all; A: 1 reject
 *    2 tempfail 3 accept 4 reply550 5 ml554 6 die 7 discard 8 reply421
 *    9 hang) is a connect token for MTAs that cannot fake a host name.
 *
 * 2. "X-Mod: <name>; <verb>; args..." headers, run in order at eom:
 *      addheader;N;V  insheader;IDX;N;V  chgheader;IDX;N;V  delheader;IDX;N
 *      addrcpt;A  addrcpt_par;A;PAR  delrcpt;A  chgfrom;A[;PAR]
 *      replacebody;TEXT  replacebodygen;BYTES;LINELEN  emptybody
 *      quarantine;WHY  progress;COUNT;MSEC  sleep;MSEC
 *      reply;CODE;XCODE;LINE[|LINE...]  return;ACTION  trace
 *    \n \r \t \s \\ \; are escapes.  "*" as <name> matches every filter.
 *    "trace" adds  X-Trace-<name>: h=<headers> b=<bytes> fnv=<hash> from=.. rcpt=..
 *
 * A JSON line is written to the log for every callback (log.c).
 */
#ifndef FIELDMILTER_SESSION_H
#define FIELDMILTER_SESSION_H

#include <stdint.h>
#include <stdio.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#define MAXTOK 64
#define MAXMOD 64
#define RET_HANG 99 /* a verdict that libmilter does not know: it sends nothing */

struct sess {
    unsigned long id;
    int msg;
    char *tok[MAXTOK];
    int ntok;      /* all tokens */
    int ntok_conn; /* tokens that outlive a message (connect, helo) */
    char *mod[MAXMOD];
    int nmod;
    unsigned nhdr, nrcpt, nbody_calls;
    unsigned long long bytes;
    uint64_t fnv;
    char from[512];
    char rcpts[2048];
};

extern const char *opt_name; /* this filter's name in tokens, X-Mod headers and the log */
extern FILE *log_file;       /* NULL: no log */

/* log.c */
unsigned long next_session_id(void);
/* One line: callback, verdict, then what fmt says: for each letter a key and a
 * value; s string, u unsigned long long, v NULL-terminated vector. */
void log_cb(SMFICTX *ctx, struct sess *s, const char *cb, int macros, int ret, const char *fmt, ...);
void log_op(struct sess *s, const char *op, int rc);

/* action.c */
void tok_scan(struct sess *s, const char *text);
void sess_clear_msg(struct sess *s);
int stage(SMFICTX *ctx, struct sess *s, const char *st);
/* The tokens for one stage from index "from" on; the last decisive one wins. */
int stage_from(SMFICTX *ctx, struct sess *s, const char *st, int from, int dflt);
int mod_scan(const char *value, const char **rest);
int run_mod(SMFICTX *ctx, struct sess *s, const char *text, int ret);

#endif
