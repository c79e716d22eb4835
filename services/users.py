"""Accounts. Every function takes the transaction it works in first."""

from __future__ import annotations

import re

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from services.calendar import time_zone as checked_zone
from services.clock import Clock, system_clock, to_micros
from services.errors import InvalidRequest, InvalidToken, NotFound
from services.models import User, UserRevision
from services.sessions import carry_over, end_all, end_others

MAX_EMAIL = 254
MAX_NAME = 100

_ADDRESS = re.compile(r'[^\s@<>"(),:;\[\]\\]+@[^\s@<>"(),:;\[\]\\.]+(\.[^\s@<>"(),:;\[\]\\.]+)*')


def add(
    session: Session,
    email: str,
    *,
    password_hash: str,
    name: str = '',
    time_zone: str = 'UTC',
    clock: Clock = system_clock,
) -> User:
    """Create an account, and the revision row its data needs.

    :raises InvalidRequest: a bad or already used e-mail address, name or time zone; names the field.
    """
    checked_zone(time_zone)
    user = User(
        email=normalised_email(email),
        name=_checked_name(name),
        password_hash=password_hash,
        time_zone=time_zone,
        created_at=to_micros(clock()),
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise InvalidRequest(f'There is already an account for {user.email}.', field='email') from error
    assert user.id is not None
    session.add(UserRevision(user_id=user.id))
    session.flush()
    return user


def any_exist(session: Session) -> bool:
    return session.exec(select(User.id).limit(1)).first() is not None


def everyone(session: Session) -> list[User]:
    """All accounts in the order of their addresses."""
    return list(session.exec(select(User).order_by(User.email)))


def find(session: Session, email: str) -> User:
    """The account of an e-mail address, in any case.

    :raises NotFound: there is none, also when it is no address at all.
    """
    try:
        address = normalised_email(email)
    except InvalidRequest:
        address = None
    user = session.exec(select(User).where(User.email == address)).one_or_none() if address else None
    if user is None:
        raise NotFound(f'There is no account for {email.strip()[:MAX_EMAIL]!r}.', field='email')
    return user


def hold(session: Session, user_id: int) -> User | None:
    """The account, held until the transaction ends: whoever changes its keys or tokens does so one after the other.

    Writers of the account's data need not wait meanwhile, nor does it wait for them.
    """
    held = select(User).where(col(User.id) == user_id).with_for_update(key_share=True)
    return session.exec(held.execution_options(populate_existing=True)).one_or_none()


def set_disabled(session: Session, email: str, *, disabled: bool) -> User:
    """Close an account, which ends its tokens and browser sessions, or open it again.

    :raises NotFound: there is no such account.
    """
    user = _held(session, email)
    user.disabled = disabled
    if disabled:
        _end_everything(session, user)
    session.add(user)
    return user


def set_password_hash(session: Session, email: str, password_hash: str) -> User:
    """Give an account a new password, which ends its tokens and browser sessions.

    :raises NotFound: there is no such account.
    """
    user = _held(session, email)
    user.password_hash = password_hash
    _end_everything(session, user)
    session.add(user)
    return user


def change_password_hash(session: Session, user: User, password_hash: str, *, keep: str) -> set[str]:
    """Give an account, which is held, a new password from one of its browser sessions: that one goes on.

    Its tokens, keys and other sessions end.

    :param keep: the hash of the session's id.
    :returns: the hashes of the sessions that ended.
    :raises InvalidToken: the session to keep is over.
    """
    assert user.id is not None
    user.password_hash = password_hash
    user.token_version += 1
    session.add(user)
    session.flush()
    if not carry_over(session, user, keep):
        raise InvalidToken
    return end_others(session, user.id, keep)


def rename(session: Session, user_id: int, name: str) -> User:
    """
    :raises InvalidRequest: the name is too long, or holds what cannot be printed.
    :raises NotFound: there is no such account.
    """
    user = _of_id(session, user_id)
    user.name = _checked_name(name)
    session.add(user)
    return user


def move(session: Session, user_id: int, zone: str) -> User:
    """As :func:`set_time_zone`, of an account that is known by its id."""
    checked_zone(zone)
    user = _of_id(session, user_id)
    user.time_zone = zone
    session.add(user)
    return user


def set_time_zone(session: Session, email: str, zone: str) -> User:
    """Move an account to another time zone: its days are those of the old one until its rollups are built anew.

    :raises InvalidRequest: there is no such zone.
    :raises NotFound: there is no such account.
    """
    checked_zone(zone)
    user = find(session, email)
    user.time_zone = zone
    session.add(user)
    return user


def replace_hash(session: Session, user: User, new: str) -> None:
    """Keep another hash of the same password, unless the password was changed in the meantime."""
    unchanged = (col(User.id) == user.id, col(User.password_hash) == user.password_hash)
    session.exec(update(User).where(*unchanged).values(password_hash=new))


def normalised_email(email: str) -> str:
    """The address as it is kept: without surrounding space, in lower case.

    :raises InvalidRequest: it does not look like an address.
    """
    address = email.strip().lower()
    if len(address) > MAX_EMAIL or not address.isprintable() or not _ADDRESS.fullmatch(address):
        raise InvalidRequest(f'An e-mail address of at most {MAX_EMAIL} characters is needed.', field='email')
    return address


def _held(session: Session, email: str) -> User:
    """The account as it is now, whatever was read of it before; raises ``NotFound``."""
    user = find(session, email)
    return user if user.id is None else hold(session, user.id) or user


def _of_id(session: Session, user_id: int) -> User:
    user = hold(session, user_id)
    if user is None:
        raise NotFound('There is no such account any more.')
    return user


def _end_everything(session: Session, user: User) -> None:
    user.token_version += 1
    if user.id is not None:
        end_all(session, user.id)


def _checked_name(name: str) -> str:
    if len(name.strip()) > MAX_NAME or not name.isprintable():
        raise InvalidRequest(f'A name of at most {MAX_NAME} printable characters is needed.', field='name')
    return name.strip()
