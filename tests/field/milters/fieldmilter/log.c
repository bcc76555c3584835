/* SPDX-License-Identifier: BSL-1.0
 *
 * fieldmilter/log.c - a JSON line for every callback
 */
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/time.h>
#include "session.h"

const char *opt_name = "a";
FILE *log_file;
static pthread_mutex_t log_mu = PTHREAD_MUTEX_INITIALIZER;
static unsigned long conn_seq;

unsigned long next_session_id(void)
{
    unsigned long id;
    pthread_mutex_lock(&log_mu);
    id = ++conn_seq;
    pthread_mutex_unlock(&log_mu);
    return id;
}

static void jstr(FILE *f, const char *s, size_t n)
{
    size_t i;
    fputc('"', f);
    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"' || c == '\\')
            fprintf(f, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f) /* bytes as latin-1 escapes */
            fprintf(f, "\\u%04x", c);
        else
            fputc(c, f);
    }
    fputc('"', f);
}

static const char *retname(int r)
{
    switch (r) {
    case SMFIS_CONTINUE: return "continue";
    case SMFIS_REJECT: return "reject";
    case SMFIS_DISCARD: return "discard";
    case SMFIS_ACCEPT: return "accept";
    case SMFIS_TEMPFAIL: return "tempfail";
    case SMFIS_NOREPLY: return "noreply";
    case SMFIS_SKIP: return "skip";
    case RET_HANG: return "hang";
    }
    return "?";
}

static const char *macro_names[] = {
    "j", "_", "i", "v", "b", "r", "s", "{daemon_name}", "{daemon_addr}", "{daemon_port}",
    "{if_name}", "{if_addr}", "{client_name}", "{client_addr}", "{client_port}", "{client_ptr}",
    "{client_resolve}", "{client_connections}", "{tls_version}", "{cipher}", "{cipher_bits}",
    "{cert_subject}", "{cert_issuer}", "{auth_type}", "{auth_authen}", "{auth_author}",
    "{auth_ssf}", "{mail_addr}", "{mail_mailer}", "{mail_host}", "{rcpt_addr}", "{rcpt_mailer}",
    "{rcpt_host}", "{msg_id}", "{nbadrcpts}", "{trusted_domain}", NULL};

void log_cb(SMFICTX *ctx, struct sess *s, const char *cb, int macros, int ret, const char *fmt, ...)
{
    va_list ap;
    struct timeval tv;
    int i, first = 1;

    if (!log_file)
        return;
    gettimeofday(&tv, NULL);
    pthread_mutex_lock(&log_mu);
    fprintf(log_file, "{\"t\":%ld.%06ld,\"m\":\"%s\",\"conn\":%lu,\"msg\":%d,\"cb\":\"%s\",\"ret\":\"%s\"",
            (long)tv.tv_sec, (long)tv.tv_usec, opt_name, s ? s->id : 0UL, s ? s->msg : 0, cb, retname(ret));
    va_start(ap, fmt);
    while (*fmt) { /* fmt: key letters; s = string pair, u = number pair */
        const char *k = va_arg(ap, const char *);
        fprintf(log_file, ",\"%s\":", k);
        if (*fmt == 's') {
            const char *v = va_arg(ap, const char *);
            if (v)
                jstr(log_file, v, strlen(v));
            else
                fputs("null", log_file);
        } else if (*fmt == 'v') { /* NULL-terminated vector */
            char **v = va_arg(ap, char **);
            int j;
            fputc('[', log_file);
            for (j = 0; v && v[j]; j++) {
                if (j)
                    fputc(',', log_file);
                jstr(log_file, v[j], strlen(v[j]));
            }
            fputc(']', log_file);
        } else {
            fprintf(log_file, "%llu", va_arg(ap, unsigned long long));
        }
        fmt++;
    }
    va_end(ap);
    if (macros && ctx) {
        fputs(",\"macros\":{", log_file);
        for (i = 0; macro_names[i]; i++) {
            const char *v = smfi_getsymval(ctx, (char *)macro_names[i]);
            if (!v)
                continue;
            if (!first)
                fputc(',', log_file);
            first = 0;
            jstr(log_file, macro_names[i], strlen(macro_names[i]));
            fputc(':', log_file);
            jstr(log_file, v, strlen(v));
        }
        fputc('}', log_file);
    }
    fputs("}\n", log_file);
    fflush(log_file);
    pthread_mutex_unlock(&log_mu);
}

void log_op(struct sess *s, const char *op, int rc)
{
    log_cb(NULL, s, "op", 0, 0, "su", "op", op, "rc", (unsigned long long)(unsigned)(rc == MI_SUCCESS ? 0 : 1));
}
