# SPDX-License-Identifier: BSL-1.0
"""What `run` and `rules` have in common: options, exit statuses, what they need, the field up and down around them."""
import os
import signal
import time

from . import selection
from .field import Field, work_directory

PASSED, DIFFERENT, USAGE, INTERRUPTED, UNAVAILABLE = 0, 1, 2, 5, 69


def say(text):
    print(text, flush=True)


def add_what(ap):
    """Options: between what."""
    ap.add_argument("--mta", choices=["postfix", "sendmail"], default="postfix")
    ap.add_argument(
        "--manager", metavar="PATH", help="default: $MILTER_MANAGER, else the newest build/*/bin/milter-manager"
    )


def add_how(ap):
    """Options: where, and what becomes of it."""
    ap.add_argument("--work", metavar="DIR", help="work directory; one where a field is up already is used and left up")
    ap.add_argument(
        "--keep", action="store_true", help="do not delete the work directory (what runs is stopped all the same)"
    )
    ap.add_argument("--if-possible", action="store_true", help="pass when this machine cannot run the field")
    ap.add_argument("--list", action="store_true", help="print the scenarios and go")


def lacks(name, lacking, args, hint=None):
    """Say what this machine lacks; the exit status."""
    say("%s: this machine lacks: %s" % (name, ", ".join(lacking)))
    if hint:
        say("%s: %s" % (name, hint))
    if args.if_possible:
        say("%s: not run" % name)
    return PASSED if args.if_possible else UNAVAILABLE


def manager_binary(name, args, advice):
    """The manager that is asked for; None, and said so, when there is none."""
    binary = selection.manager_binary(args.manager)
    if binary is None:
        where = " at " + args.manager if args.manager else " was built here"
        say("%s: no milter-manager%s: %s" % (name, where, advice))
    return binary


class Run:
    """What is played: play(), then what is to be said."""

    failed = ()

    def play(self, field):
        raise NotImplementedError

    def before_down(self, field, began):
        """The field is still there."""

    def after_down(self, began):
        """It is gone, unless it is to stay."""


def _interrupt(signum, frame):
    raise KeyboardInterrupt


def perform(run, args):
    """Up, play, down, whatever happens in between; the exit status."""
    began = time.monotonic()
    field = Field(os.path.abspath(args.work) if args.work else work_directory())
    was_up = field.is_up()
    status = None
    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, _interrupt)
    try:
        run.play(field)
    except KeyboardInterrupt:
        say("interrupted")
        status = INTERRUPTED
    finally:
        for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # what is up must come down now
            signal.signal(s, signal.SIG_IGN)
        run.before_down(field, began)
        if not was_up:
            field.down(remove=not args.keep)
        if args.keep and not was_up:
            say("work directory: " + field.work)
        run.after_down(began)
    if status is None:
        status = DIFFERENT if run.failed else PASSED
    return status
