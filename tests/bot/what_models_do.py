"""What aiogram's models do, as JSON: run by ``test_first_use.py``, once for each way to build.

Usage: ``python -m tests.bot.what_models_do start|first_use``. The second reads from standard
input what the first has printed, so that both do the same with the same examples and the second
has built nothing when it begins.
"""

import copy
import json
import pickle
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import CoreSchema

from bot.first_use import import_aiogram

DEEP = 2
"""So deep, fields that may be left out stand in an example."""
SEVERAL = 3
"""Examples of each model; each takes others of the alternatives."""
PLAIN = {
    "integer": 1_790_000_000,
    "number": 1.5,
    "boolean": True,
    "string": "words",
    "date-time": "2026-11-26T18:00:00Z",
    "duration": "PT30S",
}


class Schema(GenerateJsonSchema):
    """Schemas that leave out a file that is sent: JSON has no word for it."""

    def handle_invalid_for_json_schema(
        self,
        schema: CoreSchema,
        error_info: str,
    ) -> JsonSchemaValue:
        return {"const": None}


def models() -> dict[str, type[BaseModel]]:
    """Return every type, every method and what the library wraps them in, by name."""
    from aiogram import methods, types

    found = [*vars(types).values(), *vars(methods).values()]
    return {
        f"{one.__module__}.{one.__name__}": one
        for one in found
        if isinstance(one, type) and issubclass(one, BaseModel) and one is not BaseModel
    }


def schemas_of(every: dict[str, type[BaseModel]], mode: Any) -> tuple[Any, Any]:
    """Return where each model's JSON schema is, and the schemas."""
    wanted = [(model, mode) for model in every.values()]
    return models_json_schema(wanted, schema_generator=Schema)


def example(schema: Any, defs: dict[str, Any], turn: int, deep: int = 0) -> Any:
    """Return something that fits the schema; another ``turn`` takes other alternatives."""
    if "$ref" in schema:
        return example(defs[schema["$ref"].rpartition("/")[2]], defs, turn, deep)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][turn % len(schema["enum"])]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            real = [one for one in schema[several] if one.get("type") != "null"]
            plain = [one for one in real if one.get("type", "array") != "array"]
            ways = plain if plain and deep > DEEP else real
            return example(ways[turn % len(ways)], defs, turn, deep + 1)
    kind = schema.get("type")
    if kind == "object":
        required = schema.get("required", [])
        return {
            name: example(field, defs, turn, deep + 1)
            for name, field in schema.get("properties", {}).items()
            if name in required or "const" in field or deep < DEEP
        }
    if kind == "array":
        return [example(schema["items"], defs, turn, deep + 1)] if deep < 2 * DEEP else []
    return PLAIN.get(schema.get("format", kind))


def behaviour(model: type[BaseModel], given: Any) -> Iterator[str]:
    """Do with a model what aiogram and this program do with it; return what comes out."""
    try:
        one = model.model_validate(given, context={"bot": "the bot"})
    except (ValidationError, TypeError) as error:  # TypeError: it is abstract
        yield str(error)
        return
    yield repr(one)
    yield repr(getattr(one, "bot", None))
    yield repr(one.model_dump(warnings=False))
    yield repr(one.model_dump(exclude_none=True, by_alias=True, warnings=False))
    yield repr(one.model_dump_json(warnings=False, exclude_none=True, fallback=repr))
    for other in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        yield repr(other == one) + repr(other)
    name = next(iter(model.model_fields), None)
    if name is not None:
        changed = one.model_copy(update={name: None})
        yield repr(changed)
        yield repr(changed == one)
        try:
            setattr(one, name, "of another kind")
        except ValidationError as error:
            yield str(error)
        yield repr(one)


def main() -> None:
    """Print what all models do."""
    way = sys.argv[1]
    import_aiogram(build_at_start=way == "start")
    every = models()
    built = [model.__name__ for model in every.values() if model.__pydantic_complete__]
    if way == "start":
        refs, schemas = schemas_of(every, "validation")
        defs = schemas["$defs"]
        examples = {
            name: [*(example(refs[model, "validation"], defs, n) for n in range(SEVERAL)), {}, 1]
            for name, model in every.items()
        }
    else:
        examples = json.load(sys.stdin)["examples"]
    # The other way round: whatever a model needs of another, here it comes first.
    order = reversed(examples) if way == "first_use" else iter(examples)
    done = {
        name: [list(behaviour(every[name], given)) for given in examples[name]] for name in order
    }
    schemas = {mode: schemas_of(every, mode)[1] for mode in ("validation", "serialization")}
    json.dump({"built": built, "examples": examples, "done": done, "schemas": schemas}, sys.stdout)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # a default that is not JSON is left out of the schema
    main()
