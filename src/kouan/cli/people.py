"""``kouan user``: accounts and machines' tokens, from the machine on which the port runs."""

import asyncio
from typing import Annotated

import typer

from kouan.access.people import Account, Agency, Role
from kouan.access.use_cases import issue_token, save_account
from kouan.adapters.passwords import Argon2Hasher
from kouan.cli import options
from kouan.cli.output import show
from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.wiring.links import secret
from kouan.wiring.offline import opened

app = typer.Typer(help="People who sign in, and machines that hold tokens.", no_args_is_help=True)


@app.command()
def add(
    username: str,
    data: options.Data,
    agency: Annotated[Agency, typer.Option(help="To whom the person answers.")],
    role: Annotated[list[Role], typer.Option(help="What the person may do; may be given again.")],
    name: Annotated[str, typer.Option(help="The name that screens show.")] = "",
    firm: Annotated[
        list[str] | None,
        typer.Option(help="Code of a firm that the account acts for, as papers name it; may be given again."),
    ] = None,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
    port: options.Port = "ganqimaodu",
    json: options.Json = False,
) -> None:
    """Add a person, or change one; the port must not be running, or be running on this machine."""
    if len(password) < 12:
        raise InvalidValue("password", "access.password_length", "must have at least 12 characters")
    firms = tuple(dict.fromkeys(code.strip() for code in firm or ()))
    if not all(firms):
        raise InvalidValue("firm", "access.firm", "must be a code, not empty")

    async def main() -> None:
        encoded = await Argon2Hasher().hash(password)
        account = Account(username, name or username, agency, tuple(role), password_hash=encoded, firms=firms)
        async with opened(data, port, write=True) as store:
            await store.ledger.append(save_account(account, "console", store.clock.now()))

    asyncio.run(main())
    saved = {"username": username, "agency": agency.value, "roles": [one.value for one in role], "firms": list(firms)}
    show("Saved", saved, as_json=json)


@app.command()
def token(
    username: str,
    data: options.Data,
    label: Annotated[str, typer.Option(help="What the token is for.")] = "machine",
    port: options.Port = "ganqimaodu",
    json: options.Json = False,
) -> None:
    """Issue a bearer token to a machine's account; it is shown once."""
    fresh = secret()

    async def main() -> None:
        async with opened(data, port, write=True) as store:
            account = await store.accounts.find_account(username)
            if account is None:
                raise NotFound(f"no account {username}")
            _, unit = issue_token(account, label, fresh, store.clock.now(), None)
            await store.ledger.append(unit)

    asyncio.run(main())
    show("Shown once", {"username": username, "label": label, "token": fresh}, as_json=json)
