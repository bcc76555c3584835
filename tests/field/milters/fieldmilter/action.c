/* SPDX-License-Identifier: BSL-1.0
 *
 * fieldmilter/action.c - what the tokens and the X-Mod headers ask for
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "session.h"

void tok_scan(struct sess *s, const char *text)
{
    const char *p = text;
    size_t nl = strlen(opt_name);

    while (p && *p) {
        const char *b;
        size_t n;
        while (*p && !(islower((unsigned char)*p) || isdigit((unsigned char)*p)))
            p++;
        b = p;
        while (*p && (islower((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '-'))
            p++;
        n = (size_t)(p - b);
        if (n > nl + 2 && !strncmp(b, opt_name, nl) && b[nl] == '-')
            b += nl + 1, n -= nl + 1;
        else if (n > 5 && !strncmp(b, "all-", 4))
            b += 4, n -= 4;
        else
            continue;
        if (memchr(b, '-', n) && s->ntok < MAXTOK)
            s->tok[s->ntok++] = strndup(b, n);
    }
}

void sess_clear_msg(struct sess *s)
{
    while (s->ntok > s->ntok_conn)
        free(s->tok[--s->ntok]);
    while (s->nmod > 0)
        free(s->mod[--s->nmod]);
    s->nhdr = s->nrcpt = s->nbody_calls = 0;
    s->bytes = 0;
    s->fnv = 14695981039346656037ULL;
    s->from[0] = s->rcpts[0] = 0;
}

static int do_action(SMFICTX *ctx, struct sess *s, const char *a, int dflt)
{
    char code[8], x[16];

    if (!strcmp(a, "continue")) return SMFIS_CONTINUE;
    if (!strcmp(a, "accept")) return SMFIS_ACCEPT;
    if (!strcmp(a, "discard")) return SMFIS_DISCARD;
    if (!strcmp(a, "reject")) return SMFIS_REJECT;
    if (!strcmp(a, "tempfail")) return SMFIS_TEMPFAIL;
    if (!strcmp(a, "skip")) return SMFIS_SKIP;
    if (!strcmp(a, "hang")) return RET_HANG;
    if (!strcmp(a, "die")) {
        log_cb(NULL, s, "die", 0, 0, "");
        _exit(42);
    }
    if (!strncmp(a, "sleep", 5)) {
        sleep((unsigned)atoi(a + 5));
        return dflt;
    }
    if (!strncmp(a, "reply", 5) || !strncmp(a, "badreply", 8)) {
        int bad = a[0] == 'b';
        snprintf(code, sizeof code, "%.3s", a + (bad ? 8 : 5));
        snprintf(x, sizeof x, "%c.7.1", code[0]);
        log_op(s, "setreply", smfi_setreply(ctx, code, x, "field milter says no"));
        if (bad)
            return SMFIS_CONTINUE;
        return code[0] == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT;
    }
    if (!strncmp(a, "ml", 2)) {
        snprintf(code, sizeof code, "%.3s", a + 2);
        snprintf(x, sizeof x, "%c.7.2", code[0]);
        log_op(s, "setmlreply", smfi_setmlreply(ctx, code, x, "first line", "second line with 50% and %s", "last line", NULL));
        return code[0] == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT;
    }
    if (!strcmp(a, "quarantine")) log_op(s, "early quarantine", smfi_quarantine(ctx, "early"));
    if (!strcmp(a, "addheader")) log_op(s, "early addheader", smfi_addheader(ctx, "X-Early", "1"));
    if (!strcmp(a, "addrcpt")) log_op(s, "early addrcpt", smfi_addrcpt(ctx, "<early@field.test>"));
    return dflt;
}

int stage_from(SMFICTX *ctx, struct sess *s, const char *st, int from, int dflt)
{
    size_t n = strlen(st);
    int i, r = dflt;

    for (i = from; i < s->ntok; i++)
        if (!strncmp(s->tok[i], st, n) && s->tok[i][n] == '-')
            r = do_action(ctx, s, s->tok[i] + n + 1, r);
    return r;
}

/* A promise (SMFIP_NR_x) is kept: "continue" becomes "noreply" in libmilter. */
int stage(SMFICTX *ctx, struct sess *s, const char *st)
{
    return stage_from(ctx, s, st, 0, SMFIS_CONTINUE);
}

/* Is this X-Mod value for us?  *rest: what follows the name. */
int mod_scan(const char *v, const char **rest)
{
    size_t n = strlen(opt_name);
    while (*v == ' ' || *v == '\t')
        v++;
    if (*v == '*')
        v++;
    else if (!strncmp(v, opt_name, n))
        v += n;
    else
        return 0;
    while (*v == ' ')
        v++;
    if (*v != ';')
        return 0;
    *rest = v + 1;
    return 1;
}

/* split "a; b; c" in place, undoing escapes; returns the count */
static int split_args(char *t, char **out, int max)
{
    int n = 0;
    char *w;
    while (n < max) {
        while (*t == ' ' || *t == '\t' || *t == '\r' || *t == '\n')
            t++;
        out[n++] = w = t;
        {
            char *keep = w; /* last non-blank or escaped character */
            while (*t && *t != ';') {
                if (*t == '\\' && t[1]) {
                    t++;
                    *w++ = *t == 'n' ? '\n' : *t == 'r' ? '\r' : *t == 't' ? '\t' : *t == 's' ? ' ' : *t;
                    keep = w;
                    t++;
                } else {
                    *w = *t++;
                    if (!isspace((unsigned char)*w))
                        keep = w + 1;
                    w++;
                }
            }
            if (!*t) {
                *keep = 0;
                return n;
            }
            t++;
            *keep = 0;
        }
    }
    return n;
}

int run_mod(SMFICTX *ctx, struct sess *s, const char *text, int ret)
{
    char *copy = strdup(text), *a[8] = {0};
    int n = split_args(copy, a, 8), rc = MI_SUCCESS, i;
    const char *v = a[0];
#define ARG(k) (n > (k) ? a[k] : (char *)"")

    if (!strcmp(v, "addheader"))
        rc = smfi_addheader(ctx, ARG(1), ARG(2));
    else if (!strcmp(v, "insheader"))
        rc = smfi_insheader(ctx, atoi(ARG(1)), ARG(2), ARG(3));
    else if (!strcmp(v, "chgheader"))
        rc = smfi_chgheader(ctx, ARG(2), atoi(ARG(1)), ARG(3));
    else if (!strcmp(v, "delheader"))
        rc = smfi_chgheader(ctx, ARG(2), atoi(ARG(1)), NULL);
    else if (!strcmp(v, "addrcpt"))
        rc = smfi_addrcpt(ctx, ARG(1));
    else if (!strcmp(v, "addrcpt_par"))
        rc = smfi_addrcpt_par(ctx, ARG(1), n > 2 ? a[2] : NULL);
    else if (!strcmp(v, "delrcpt"))
        rc = smfi_delrcpt(ctx, ARG(1));
    else if (!strcmp(v, "chgfrom"))
        rc = smfi_chgfrom(ctx, ARG(1), n > 2 ? a[2] : NULL);
    else if (!strcmp(v, "replacebody"))
        rc = smfi_replacebody(ctx, (unsigned char *)ARG(1), (int)strlen(ARG(1)));
    else if (!strcmp(v, "emptybody"))
        rc = smfi_replacebody(ctx, NULL, 0);
    else if (!strcmp(v, "replacebodygen")) {
        size_t total = (size_t)strtoul(ARG(1), NULL, 10), ll = (size_t)strtoul(ARG(2), NULL, 10), k;
        unsigned char *b = malloc(total + 1);
        if (ll < 3)
            ll = 72;
        for (k = 0; k < total; k++) {
            size_t c = k % ll;
            b[k] = c == ll - 2 ? '\r' : c == ll - 1 ? '\n' : (unsigned char)('A' + (k / ll) % 26);
        }
        rc = smfi_replacebody(ctx, b, (int)total);
        free(b);
    } else if (!strcmp(v, "quarantine"))
        rc = smfi_quarantine(ctx, ARG(1));
    else if (!strcmp(v, "progress")) {
        for (i = 0; i < atoi(ARG(1)) && rc == MI_SUCCESS; i++) {
            usleep((useconds_t)atoi(ARG(2)) * 1000);
            rc = smfi_progress(ctx);
        }
    } else if (!strcmp(v, "sleep"))
        usleep((useconds_t)atoi(ARG(1)) * 1000);
    else if (!strcmp(v, "trace")) {
        char nm[64], val[3200];
        snprintf(nm, sizeof nm, "X-Trace-%s", opt_name);
        snprintf(val, sizeof val, "h=%u b=%llu fnv=%016llx from=%s rcpt=%s", s->nhdr, s->bytes,
                 (unsigned long long)s->fnv, s->from, s->rcpts);
        rc = smfi_addheader(ctx, nm, val);
    } else if (!strcmp(v, "reply")) {
        char *l[4] = {0}, *p = ARG(3);
        for (i = 0; i < 4 && p; i++) {
            l[i] = p;
            if ((p = strchr(p, '|')))
                *p++ = 0;
        }
        rc = l[1] ? smfi_setmlreply(ctx, ARG(1), n > 2 && *a[2] ? a[2] : NULL, l[0], l[1], l[2], l[3], NULL)
                  : smfi_setreply(ctx, ARG(1), n > 2 && *a[2] ? a[2] : NULL, l[0]);
        ret = ARG(1)[0] == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT;
    } else if (!strcmp(v, "return"))
        ret = do_action(ctx, s, ARG(1), ret);
    else
        rc = MI_FAILURE;
    log_op(s, text, rc);
    free(copy);
    return ret;
}
