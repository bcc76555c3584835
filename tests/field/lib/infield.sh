#!/bin/sh
# SPDX-License-Identifier: BSL-1.0
# infield.sh WORK command...: in a fresh mount namespace (unshare -m), put the
# field's resolv.conf, hosts and SASL configuration in place, then run.
W=$1
shift
mount --bind "$W/etc/resolv.conf" "$(readlink -f /etc/resolv.conf)" &&
    mount --bind "$W/etc/hosts" /etc/hosts &&
    mount --bind "$W/sasl" /etc/sasl2 || exit 71
# smtpd of Postfix looks for the user database here, whatever its configuration says
[ -s "$W/sasl/sasldb2" ] && [ -e /etc/sasldb2 ] && mount --bind "$W/sasl/sasldb2" /etc/sasldb2
exec "$@"
