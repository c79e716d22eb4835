"""What REST takes and answers, as the OpenAPI document describes it; customers and keys have files of their own.

A key with a default of ``None`` is absent where there is nothing; any other that may be ``None`` is ``null`` then.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, create_model

from services.credential_schemas import BrowserSessionData
from services.export_formats import ExportFormat
from services.export_grants import ExportState
from services.file_rows import FileFormat
from services.models import SourceKind
from services.protocol_schemas import Count, Seconds, Timestamp
from services.schemas import Payload, PredictionStatus
from services.upload_status import UploadState


def success(data: type[BaseModel]) -> type[BaseModel]:
    """The envelope of an answer, named after what is in it."""
    name = f'{data.__name__.removesuffix("Data")}Answer'
    return create_model(name, __doc__=data.__doc__, success=(Literal[True], ...), data=(data, ...))


class RestError(Payload):
    """What went wrong: ``code`` for programs, ``message`` for people."""

    code: str
    message: str
    """What happened and what to do, in one sentence. Never internals."""
    field: str | None = None
    """The part of the request it is about."""
    retry_after: Seconds | None = None
    """Seconds after which trying again makes sense."""


class RowFault(Payload):
    """Why a row was not taken."""

    line: int
    column: str
    value: str
    reason: str


class InvalidRowsError(RestError):
    """Some rows are bad, and skipping them was not asked for: nothing was taken."""

    rejected: Count
    errors: tuple[RowFault, ...]
    """The first of them."""


class ErrorAnswer(BaseModel):
    """The envelope of every failure."""

    success: Literal[False]
    error: InvalidRowsError | RestError


class SessionData(Payload):
    """Who is signed in."""

    user_id: int
    email: str
    name: str
    time_zone: str
    expires_at: Timestamp
    access_token: str | None = None
    """Not for an API key, which opens less than a token would."""
    expires_in: int | None = None
    """Seconds the token lasts."""
    browser_session: BrowserSessionData | None = None
    """What a page is let in by."""


class PredictionInput(BaseModel):
    """A score to be taken in."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    customer_id: Annotated[str, Field(min_length=1, max_length=200)]
    churn_score: Annotated[float, Field(ge=0, le=1)]
    """Kept to six decimals."""
    predicted_at: str | None = None
    """RFC 3339 with an offset; without it, the time of arrival. At most 5 minutes ahead."""
    external_id: str | None = None
    """Your own id of the prediction: sent again, it corrects the earlier one."""
    customer_name: str | None = None
    account_value: float | None = None
    reasons: tuple[str, ...] | None = None
    """What drives the score: each begins with ``+`` (raises it) or ``-`` (lowers it)."""
    status: PredictionStatus | None = None


class IngestData(Payload):
    """What became of the rows."""

    accepted: Count
    corrected: Count
    duplicates: Count
    rejected: Count
    errors: tuple[RowFault, ...]
    """The first of those rejected."""


class FilePreview(Payload):
    """The beginning of a file that was not taken in yet."""

    format: FileFormat
    compressed: bool
    columns: tuple[str, ...]
    """As the file names them."""
    guessed: dict[str, str]
    """Column of the file to our field."""
    rows: tuple[tuple[str, ...], ...]


class UploadData(Payload):
    """An upload at one moment."""

    id: str
    name: str
    state: UploadState
    bytes: Count
    rows: Count
    """Read so far."""
    stored: Count
    rejected: Count
    accepted: Count
    corrected: Count
    duplicates: Count
    message: str
    """What happened, for a person; empty while there is nothing to say."""
    source_id: str | None
    """What to undo, once something was taken."""
    created_at: Timestamp
    preview: FilePreview | None = None
    """With ``preview=true``."""


class SourceData(Payload):
    """Where predictions came from: a file, the API, or the sample generator."""

    id: str
    kind: SourceKind
    name: str
    """The file's; empty for the API."""
    accepted: Count
    corrected: Count
    duplicates: Count
    rejected: Count
    created_at: Timestamp
    content_hash: str | None
    """SHA-256 of an uploaded file."""


class SourceList(RootModel[tuple[SourceData, ...]]):
    """Newest first."""


class UploadOrSource(RootModel[UploadData | SourceData]):
    """An upload by its id, or a source by its number."""


class RemovedData(Payload):
    """What undoing an upload did."""

    deleted: Count
    restored: Count
    """Predictions with the values again that they had before."""


class CustomerRemovedData(Payload):
    """What deleting a customer did."""

    deleted: Count
    """Predictions that are gone."""


class UploadStart(BaseModel):
    """How a file is to be taken in."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    mapping: dict[str, str] | None = None
    """Column of the file to our field; empty: not to be used."""
    partial: bool = False
    """Whether to skip bad rows."""


class ExportAsk(BaseModel):
    """Which file is wanted."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    format: ExportFormat
    decimal: Literal['.', ','] | None = None
    """The sign in numbers, for ``csv-excel``."""


class ExportGrantData(Payload):
    """The right to fetch a file."""

    id: str
    url: str
    """An absolute path of this server, to be fetched once within 60 seconds."""
    rows: Count


class ExportStatusData(Payload):
    """What became of an export."""

    id: str
    format: ExportFormat
    state: ExportState
    rows: Count
    written: Count
    """Rows that were sent so far."""
