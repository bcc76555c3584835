/* SPDX-License-Identifier: BSL-1.0
 *
 * fieldmilter/fieldmilter.c - callbacks and process
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "session.h"

static const char *opt_sock;
static const char *opt_log;
static const char *opt_pid;
static unsigned long opt_proto; /* protocol steps asked for (and offered) */
static unsigned long opt_actions = 0xffffffffUL;
static int opt_force; /* ask for steps even if not offered */
static int opt_noneg; /* no xxfi_negotiate: the old, static way */
static int opt_trace;
static size_t opt_maxdata;
static char *opt_sym[16];
static int opt_nsym;

static struct sess *sess_get(SMFICTX *ctx)
{
    struct sess *s = smfi_getpriv(ctx);
    if (!s) { /* also when the connect callback was negotiated away */
        s = calloc(1, sizeof *s);
        s->id = next_session_id();
        sess_clear_msg(s);
        smfi_setpriv(ctx, s);
    }
    return s;
}

static sfsistat cb_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *sa)
{
    struct sess *s = sess_get(ctx);
    char addr[128] = "";
    unsigned port = 0, fam = 0;
    int r;

    if (sa) {
        fam = sa->sa_family;
        if (fam == AF_INET) {
            struct sockaddr_in *in = (struct sockaddr_in *)sa;
            uint32_t ip = ntohl(in->sin_addr.s_addr);
            inet_ntop(AF_INET, &in->sin_addr, addr, sizeof addr);
            port = ntohs(in->sin_port);
            if ((ip >> 16) == 0x7f09) {
                static const char *act[] = {"continue", "reject", "tempfail", "accept", "reply550", "ml554",
                                            "die", "discard", "reply421", "hang"};
                static const char *who[] = {"", "a", "b", "c", "", "", "", "", "", "all"};
                unsigned m = (ip >> 8) & 255, a = ip & 255;
                if (m < 10 && a < 10) {
                    char t[64];
                    snprintf(t, sizeof t, "%s-connect-%s", who[m], act[a]);
                    tok_scan(s, t);
                }
            }
        } else if (fam == AF_INET6) {
            struct sockaddr_in6 *in = (struct sockaddr_in6 *)sa;
            inet_ntop(AF_INET6, &in->sin6_addr, addr, sizeof addr);
            port = ntohs(in->sin6_port);
        }
    }
    tok_scan(s, host);
    s->ntok_conn = s->ntok;
    r = stage(ctx, s, "connect");
    log_cb(ctx, s, "connect", 1, r, "susu", "host", host, "family", (unsigned long long)fam, "addr", addr, "port",
           (unsigned long long)port);
    return r;
}

static sfsistat cb_helo(SMFICTX *ctx, char *helo)
{
    struct sess *s = sess_get(ctx);
    int r;
    sess_clear_msg(s);
    tok_scan(s, helo);
    s->ntok_conn = s->ntok;
    r = stage(ctx, s, "helo");
    log_cb(ctx, s, "helo", 1, r, "s", "helo", helo);
    return r;
}

static sfsistat cb_mail(SMFICTX *ctx, char **argv)
{
    struct sess *s = sess_get(ctx);
    int r;
    sess_clear_msg(s);
    s->msg++;
    snprintf(s->from, sizeof s->from, "%s", argv[0] ? argv[0] : "");
    tok_scan(s, argv[0]);
    r = stage(ctx, s, "mail");
    log_cb(ctx, s, "mail", 1, r, "v", "argv", argv);
    return r;
}

static sfsistat cb_rcpt(SMFICTX *ctx, char **argv)
{
    struct sess *s = sess_get(ctx);
    int before = s->ntok, r, i, w;
    r = stage(ctx, s, "rcpt");
    tok_scan(s, argv[0]);
    r = stage_from(ctx, s, "rcpt", before, r);
    /* rcpt tokens in an RCPT address are for this recipient only */
    for (i = w = before; i < s->ntok; i++)
        if (!strncmp(s->tok[i], "rcpt-", 5))
            free(s->tok[i]);
        else
            s->tok[w++] = s->tok[i];
    s->ntok = w;
    s->nrcpt++;
    if (strlen(s->rcpts) + strlen(argv[0]) + 2 < sizeof s->rcpts) {
        if (s->rcpts[0])
            strcat(s->rcpts, ",");
        strcat(s->rcpts, argv[0]);
    }
    log_cb(ctx, s, "rcpt", 1, r, "v", "argv", argv);
    return r;
}

static sfsistat cb_data(SMFICTX *ctx)
{
    struct sess *s = sess_get(ctx);
    int r = stage(ctx, s, "data");
    log_cb(ctx, s, "data", 1, r, "");
    return r;
}

static sfsistat cb_unknown(SMFICTX *ctx, const char *cmd)
{
    struct sess *s = sess_get(ctx);
    int r = stage(ctx, s, "unknown");
    log_cb(ctx, s, "unknown", 1, r, "s", "cmd", cmd);
    return r;
}

static sfsistat cb_header(SMFICTX *ctx, char *name, char *value)
{
    struct sess *s = sess_get(ctx);
    const char *rest;
    int r;
    s->nhdr++;
    if (!strcasecmp(name, "X-Act"))
        tok_scan(s, value);
    if (!strcasecmp(name, "X-Mod") && s->nmod < MAXMOD && mod_scan(value, &rest))
        s->mod[s->nmod++] = strdup(rest);
    r = stage(ctx, s, "header");
    log_cb(ctx, s, "header", 0, r, "ss", "name", name, "value", value);
    return r;
}

static sfsistat cb_eoh(SMFICTX *ctx)
{
    struct sess *s = sess_get(ctx);
    int r = stage(ctx, s, "eoh");
    log_cb(ctx, s, "eoh", 1, r, "");
    return r;
}

static sfsistat cb_body(SMFICTX *ctx, unsigned char *p, size_t n)
{
    struct sess *s = sess_get(ctx);
    size_t i;
    int r;
    for (i = 0; i < n; i++)
        s->fnv = (s->fnv ^ p[i]) * 1099511628211ULL;
    s->bytes += n;
    s->nbody_calls++;
    r = stage(ctx, s, "body");
    log_cb(ctx, s, "body", 0, r, "u", "len", (unsigned long long)n);
    return r;
}

static sfsistat cb_eom(SMFICTX *ctx)
{
    struct sess *s = sess_get(ctx);
    char fnv[32];
    int i, r = SMFIS_CONTINUE;

    for (i = 0; i < s->nmod; i++)
        r = run_mod(ctx, s, s->mod[i], r);
    if (opt_trace)
        r = run_mod(ctx, s, "trace", r);
    r = stage_from(ctx, s, "eom", 0, r);
    snprintf(fnv, sizeof fnv, "%016llx", (unsigned long long)s->fnv);
    log_cb(ctx, s, "eom", 1, r, "uuus", "headers", (unsigned long long)s->nhdr, "bytes", s->bytes, "chunks",
           (unsigned long long)s->nbody_calls, "fnv", fnv);
    sess_clear_msg(s);
    return r;
}

static sfsistat cb_abort(SMFICTX *ctx)
{
    struct sess *s = smfi_getpriv(ctx);
    log_cb(NULL, s, "abort", 0, 0, "");
    if (s)
        sess_clear_msg(s);
    return SMFIS_CONTINUE;
}

static sfsistat cb_close(SMFICTX *ctx)
{
    struct sess *s = smfi_getpriv(ctx);
    log_cb(NULL, s, "close", 0, 0, "");
    if (s) {
        s->ntok_conn = 0;
        sess_clear_msg(s);
        free(s);
        smfi_setpriv(ctx, NULL);
    }
    return SMFIS_CONTINUE;
}

static sfsistat cb_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2, unsigned long f3,
                             unsigned long *pf0, unsigned long *pf1, unsigned long *pf2, unsigned long *pf3)
{
    int i;
    char buf[128];

    *pf0 = f0 & opt_actions;
    *pf1 = opt_force ? opt_proto : (f1 & opt_proto);
    *pf2 = *pf3 = 0;
    for (i = 0; i < opt_nsym; i++) { /* "STAGE=macros" */
        char *eq = strchr(opt_sym[i], '=');
        int rc, st = atoi(opt_sym[i]);
        rc = smfi_setsymlist(ctx, st, eq ? eq + 1 : (char *)"");
        snprintf(buf, sizeof buf, "setsymlist %.100s", opt_sym[i]);
        log_op(NULL, buf, rc);
    }
    log_cb(NULL, NULL, "negotiate", 0, 0, "uuuuuu", "f0", (unsigned long long)f0, "f1", (unsigned long long)f1,
           "f2", (unsigned long long)f2, "f3", (unsigned long long)f3, "pf0", (unsigned long long)*pf0, "pf1",
           (unsigned long long)*pf1);
    return SMFIS_CONTINUE;
}

static volatile sig_atomic_t child_pid, stopping;
static void on_term(int sig)
{
    (void)sig;
    stopping = 1;
    if (child_pid > 0)
        kill((pid_t)child_pid, SIGTERM);
}

static void usage(void)
{
    fputs("usage: fieldmilter -p SOCKET [-n NAME] [-l LOG] [-P PIDFILE] [-s STEPS] [-f] [-a ACTIONS]\n"
          "                   [-y STAGE=MACROS]... [-o] [-T] [-m MAXDATA] [-t TIMEOUT]\n", stderr);
    exit(64);
}

int main(int argc, char **argv)
{
    struct smfiDesc d;
    int c, tmo = 7210;

    while ((c = getopt(argc, argv, "n:p:l:P:s:fa:y:oTm:t:")) != -1)
        switch (c) {
        case 'n': opt_name = optarg; break;
        case 'p': opt_sock = optarg; break;
        case 'l': opt_log = optarg; break;
        case 'P': opt_pid = optarg; break;
        case 's': opt_proto = strtoul(optarg, NULL, 0); break;
        case 'f': opt_force = 1; break;
        case 'a': opt_actions = strtoul(optarg, NULL, 0); break;
        case 'y': if (opt_nsym < 16) opt_sym[opt_nsym++] = optarg; break;
        case 'o': opt_noneg = 1; break;
        case 'T': opt_trace = 1; break;
        case 'm': opt_maxdata = (size_t)strtoul(optarg, NULL, 0); break;
        case 't': tmo = atoi(optarg); break;
        default: usage();
        }
    if (!opt_sock)
        usage();

    memset(&d, 0, sizeof d);
    d.xxfi_name = (char *)"fieldmilter";
    d.xxfi_version = SMFI_VERSION;
    d.xxfi_flags = opt_noneg ? (opt_actions & SMFI_CURR_ACTS) : 0;
    d.xxfi_connect = cb_connect;
    d.xxfi_helo = cb_helo;
    d.xxfi_envfrom = cb_mail;
    d.xxfi_envrcpt = cb_rcpt;
    d.xxfi_header = cb_header;
    d.xxfi_eoh = cb_eoh;
    d.xxfi_body = cb_body;
    d.xxfi_eom = cb_eom;
    d.xxfi_abort = cb_abort;
    d.xxfi_close = cb_close;
    d.xxfi_unknown = cb_unknown;
    d.xxfi_data = cb_data;
    d.xxfi_negotiate = opt_noneg ? NULL : cb_negotiate;

    /* parent: respawns the filter when it "dies", so that its port comes back */
    signal(SIGTERM, on_term);
    signal(SIGINT, on_term);
    if (opt_pid) {
        FILE *f = fopen(opt_pid, "w");
        if (f) {
            fprintf(f, "%ld\n", (long)getpid());
            fclose(f);
        }
    }
    while (!stopping) {
        int st;
        pid_t p = fork();
        if (p == 0)
            break;
        if (p < 0)
            return 71;
        child_pid = p;
        while (waitpid(p, &st, 0) < 0 && errno == EINTR)
            ;
        child_pid = 0;
        if (stopping || !(WIFEXITED(st) && WEXITSTATUS(st) == 42))
            return WIFEXITED(st) ? WEXITSTATUS(st) : 70;
    }
    if (stopping)
        return 0;
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* never outlive the parent */
    if (opt_log)
        log_file = fopen(opt_log, "a");
    if (opt_maxdata)
        (void)smfi_setmaxdatasize(opt_maxdata);
    (void)smfi_settimeout(tmo);
    umask(0111); /* a unix socket that any MTA user may connect to */
    if (smfi_setconn((char *)opt_sock) == MI_FAILURE || smfi_register(d) == MI_FAILURE)
        return 69;
    if (smfi_opensocket(1) == MI_FAILURE)
        return 69;
    return smfi_main();
}
