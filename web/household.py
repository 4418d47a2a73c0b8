"""The door of a household: one page that lists its runners, each with the address where that runner is served.

An app of its own, without a runner: it knows names and addresses and nothing else. Runners are added here from this
machine alone; what is behind an address asks each phone for that runner's own invitation.
"""

from collections.abc import Callable, Mapping
from typing import Final

from flask import Flask, Response, abort, redirect, render_template, request

from coach.language.locales import wished
from coach.language.phrases import phrases_of
from coach.service.household import LONGEST_NAME, Household, Member
from web.errors import SAY, install_errors
from web.security import TRUSTS_LOCAL, host_name, install_security, is_from_this_machine
from web.words import Words, words_in

_MOST_BYTES: Final = 16 * 1024  # a name, and nothing larger


def create_household_app(
    household: Household,
    address_of: Callable[[Member, str], str | None],
    open_runner: Callable[[Member], None],
    knows: Callable[[Mapping[str, str]], bool],
    *,
    trusts_local: bool,
) -> Flask:
    """Make the app of the door.

    address_of: where a runner is served, for who opened the door by a host's name; None: not yet. open_runner: serve
    one that was added just now. knows: whether some runner let in who holds these cookies.
    """
    app = Flask("web", static_folder="static", template_folder="templates")
    app.config.update(MAX_CONTENT_LENGTH=_MOST_BYTES, SEND_FILE_MAX_AGE_DEFAULT=0)
    app.config[TRUSTS_LOCAL] = trusts_local

    def words() -> Words:
        return words_in(wished(request.accept_languages.values()))  # the door knows no runner: the browser is asked

    app.extensions[SAY] = lambda text: phrases_of(words().language)(text)
    app.context_processor(lambda: {"w": words(), "language": words().language})
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    install_errors(app, page="household/error.html")
    install_security(app)

    @app.get("/")
    def choose() -> str:
        name = host_name(request.host)
        host = f"[{name}]" if ":" in name else name
        found = [(member, address_of(member, host)) for member in household.members()]
        is_here = is_from_this_machine()
        is_known = is_here or knows(request.cookies)
        runners = [(_called(one, is_known), address) for one, address in found if address is not None]
        return render_template("household/choose.html", runners=runners, is_here=is_here, longest=LONGEST_NAME)

    @app.post("/runners")
    def add() -> Response:
        if not is_from_this_machine():
            abort(403, words()("household.add_here"))
        open_runner(household.add(request.form.get("name", "")))
        answer = redirect("/", 303)
        return Response(answer.response, answer.status, answer.headers)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app


def _called(member: Member, is_known: bool) -> str:
    """Return the name of a runner, to a stranger its first letter and a number: enough for who lives here."""
    return member.name if is_known else f"{member.name[0]}. ({member.number})"
