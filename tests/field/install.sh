#!/bin/bash
# SPDX-License-Identifier: BSL-1.0
# Install what the field needs, from Debian 12's packages (as root).
#
#   install.sh [--mta]   Postfix, the field milters, opendkim, miltertest: enough for `run --short`
#   install.sh --all     also the other real milters and what the private Sendmail needs
#
# Sendmail itself is not installed: as a package it conflicts with Postfix (lib/mtas.sh unpacks it).
set -eu
case ${1:---mta} in --mta | --all) ;; *) sed -n '3,9p' "$0" >&2; exit 2 ;; esac

# no service of these packages may start here; a policy that is there already stays
POLICY=/usr/sbin/policy-rc.d
if [ ! -e $POLICY ]; then
    trap 'rm -f $POLICY' EXIT
    printf '#!/bin/sh\nexit 101\n' >$POLICY
    chmod 755 $POLICY
fi
export DEBIAN_FRONTEND=noninteractive
get() { apt-get -o DPkg::Lock::Timeout=600 -qq install -y --no-install-recommends "$@" >/dev/null; }

apt-get -o DPkg::Lock::Timeout=600 -qq update
echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
get gcc libc6-dev libmilter-dev postfix openssl sasl2-bin libsasl2-modules libsasl2-modules-db opendkim miltertest
[ "${1:-}" = --all ] || exit 0
get m4 libwrap0 libldap-2.5-0 libnsl2 libdb5.3 liblockfile1 tcpdump swaks
for p in opendmarc "spamass-milter spamassassin spamd spamc" rspamd dkimpy-milter pyspf-milter python3-milter \
    libsendmail-pmilter-perl "clamav-milter clamav-daemon"; do
    # shellcheck disable=SC2086  # several packages in one word
    get $p || echo "install: could not install: $p" >&2
done
