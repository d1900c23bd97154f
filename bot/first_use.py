"""aiogram's models, each built when it is first used, instead of all of them at import.

aiogram's types refer to each other by names that their modules do not import. At the end of its
import aiogram therefore builds every one of its models, with all those names at hand, which takes
seconds and a hundred megabytes; a bot uses a tenth of them. Here pydantic is told to put building
off, and each module is given the names that its models mention: pydantic does the rest by itself,
because a model that is used before it is built builds itself.
"""

import builtins
import importlib
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

logger = logging.getLogger("diwan.start")

NAME = re.compile(r"(?<![\w.'\"])[A-Za-z_]\w*")
"""A name that an annotation looks up: not an attribute, and not a word in quotes."""
AN_UPDATE = {
    "update_id": 1,
    "message": {
        "message_id": 1,
        "date": 1,
        "chat": {"id": 1, "type": "private"},
        "text": "/start",
    },
}


class OtherAiogramError(Exception):
    """Another aiogram than those that this module knows."""


def import_aiogram(*, build_at_start: bool = False) -> None:
    """Import aiogram, so that its models are built on first use.

    Whoever wants its models built at start, or has imported it already, gets aiogram as it comes.
    So does whoever has a version of it with which this does not work; the log says so.
    """
    if build_at_start or "aiogram" in sys.modules:
        return
    before = set(sys.modules)
    try:
        _give_names(_import_unbuilt())
        importlib.import_module("aiogram.types").Update.model_validate(AN_UPDATE)
    except Exception as problem:  # noqa: BLE001 - whatever it is: the bot starts all the same
        for name in set(sys.modules) - before:
            if name.partition(".")[0] == "aiogram":
                del sys.modules[name]
        logger.warning(
            "aiogram's models are built at start, which takes seconds: building them on first "
            "use does not work with this version (%s)",
            type(problem).__name__,
        )
    importlib.import_module("aiogram")


def _import_unbuilt() -> Mapping[str, Any]:
    """Import aiogram without building its models; return the names with which it builds them."""
    names: dict[str, Any] = {}
    build = BaseModel.__dict__["model_rebuild"]

    def put_off(model: type[BaseModel], /, **options: Any) -> bool | None:
        if "_types_namespace" not in options:
            return build.__func__(model, **options)  # type: ignore[no-any-return]
        names.update(options["_types_namespace"])
        return None

    config = BaseModel.model_config
    BaseModel.model_config = ConfigDict(defer_build=True)  # what is defined now inherits it
    BaseModel.model_rebuild = classmethod(put_off)  # type: ignore[method-assign, assignment]
    try:
        importlib.import_module("aiogram")
    finally:
        BaseModel.model_config = config
        BaseModel.model_rebuild = build  # type: ignore[method-assign]
    if not names:
        raise OtherAiogramError
    return names


def _give_names(names: Mapping[str, Any]) -> None:
    """Give each module the names that its models mention and it lacks."""
    for module, mentioned in _mentioned():
        for name in mentioned:
            if name in names:
                module.setdefault(name, names[name])
            elif name not in module and not hasattr(builtins, name):
                raise OtherAiogramError


def _mentioned() -> Iterator[tuple[dict[str, Any], set[str]]]:
    """Return every model's module, and the names that the annotations of its fields look up."""
    for model in _below(BaseModel):
        if model.__module__.partition(".")[0] == "aiogram":
            written = {
                annotation
                for one in model.__mro__
                for field, annotation in vars(one).get("__annotations__", {}).items()
                if field in model.model_fields and isinstance(annotation, str)
            }
            yield vars(sys.modules[model.__module__]), set(NAME.findall(" ".join(written)))


def _below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in model.__subclasses__():
        yield one
        yield from _below(one)
