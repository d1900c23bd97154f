"""A tiny, real Argos model, made when a test needs one: no training, no download.

The network is a genuine encoder and decoder in CTranslate2's format whose weights are written by
hand: step ``i`` of the decoder looks at position ``i`` of the source and says its counterpart.
Words of the dictionary are translated, slots are copied, and every other letter becomes one of
the target's alphabet, so that a sentence outside the vocabulary comes out in the right script and
without any sense. Needs numpy, ctranslate2, sentencepiece and protobuf.
"""

import json
import tempfile
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import transformer_spec
from sentencepiece import sentencepiece_model_pb2 as protocol

SPACE = "▁"
SIGNS = "0123456789.,;:!?…'\"()[]{}<>/@#&%+-–—*_=€$£«»“”’،؛؟。！？、"
ALPHABETS = {
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهويءةىئؤإأآ",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
}
LATIN = "abcdefghijklmnopqrstuvwxyz"
ACCENTED = "àâäæçéèêëîïôœöùûüÿñß"
SLOTS = [f"[X{number}X]" for number in range(100)]


def letters_of(language: str) -> str:
    """Return the letters that the model knows of a language."""
    letters = ALPHABETS.get(language, LATIN)
    return letters + letters.upper() if letters.upper() != letters else letters


def counterparts(source: str, target: str) -> dict[str, str]:
    """Return into which letter of the target each letter of the source turns."""
    if source not in ALPHABETS and target not in ALPHABETS:
        return {}  # one alphabet: copied
    new = letters_of(target)
    old = letters_of(source) + ("" if source in ALPHABETS else ACCENTED + ACCENTED.upper())
    return {letter: new[at % len(new)] for at, letter in enumerate(old)}


def write(
    folder: Path,
    source: str,
    target: str,
    words: Mapping[str, str],
    *,
    version: str = "1.0",
    layers: int = 1,
    width: int = 192,
) -> Path:
    """Write an .argosmodel into a folder; more layers and width make it slow, not better."""
    file = folder / f"translate-{source}_{target}-{version}.argosmodel"
    file.write_bytes(_made(source, target, tuple(words.items()), version, layers, width))
    return file


def install(folder: Path, source: str, target: str, words: Mapping[str, str], **more: Any) -> Path:
    """Put a model among those of a folder, as `diwan languages add` would."""
    with tempfile.TemporaryDirectory() as beside:
        file = write(Path(beside), source, target, words, **more)
        with zipfile.ZipFile(file) as package:
            package.extractall(folder)
    return folder / f"{source}_{target}"


@cache
def _made(
    source: str,
    target: str,
    words: tuple[tuple[str, str], ...],
    version: str,
    layers: int,
    width: int,
) -> bytes:
    turned = counterparts(source, target)
    mapping = {SPACE + one: SPACE + other for one, other in words} | turned
    pieces = _pieces(mapping, source, target)
    with tempfile.TemporaryDirectory() as beside:
        root = Path(beside) / f"{source}_{target}"
        root.mkdir()
        (root / "sentencepiece.model").write_bytes(_tokenizer(pieces, mapping))
        _network(root / "model", pieces, mapping, layers, width)
        metadata = {
            "package_version": version,
            "argos_version": "1.9",
            "from_code": source,
            "from_name": source,
            "to_code": target,
            "to_name": target,
            "type": "translate",
        }
        (root / "metadata.json").write_text(json.dumps(metadata))
        file = Path(beside) / "model.zip"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
            for path in sorted(root.rglob("*")):
                package.write(path, path.relative_to(beside))
        return file.read_bytes()


def _pieces(mapping: Mapping[str, str], source: str, target: str) -> list[str]:
    """Return the vocabulary: control signs, bytes, words, slots, letters."""
    singles = SPACE + SIGNS + letters_of(source) + letters_of(target) + ACCENTED + ACCENTED.upper()
    many = [*mapping, *mapping.values(), *SLOTS, *(SPACE + slot for slot in SLOTS), *singles]
    return list(
        dict.fromkeys(["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *many])
    )


def _tokenizer(pieces: list[str], mapping: Mapping[str, str]) -> bytes:
    model: Any = vars(protocol)["ModelProto"]()  # protobuf makes it when it is imported
    trainer, normalizer = model.trainer_spec, model.normalizer_spec
    trainer.model_type = 1  # unigram
    trainer.byte_fallback = True
    trainer.unk_id, trainer.bos_id, trainer.eos_id, trainer.pad_id = 0, 1, 2, -1
    normalizer.name = "identity"
    normalizer.add_dummy_prefix = normalizer.remove_extra_whitespaces = True
    normalizer.escape_whitespaces = True
    for number, text in enumerate(pieces):
        piece = model.pieces.add()
        piece.piece, piece.score, piece.type = text, -10.0, 1
        if number < 3:
            piece.score, piece.type = 0.0, (2, 3, 3)[number]
        elif number < 259:
            piece.score, piece.type = -30.0, 6
        elif len(text) > 1:
            piece.score = -1.0
    return bytes(model.SerializeToString())


def _network(
    folder: Path, pieces: list[str], mapping: Mapping[str, str], layers: int, width: int
) -> None:
    """Write the weights: half of a vector is the token, the rest where it stands."""
    longest, places = 1024, 64
    size, tokens = len(pieces), width - places
    numbers = np.random.default_rng(7)

    def signs(*shape: int) -> Any:
        return numbers.choice([-1.0, 1.0], shape).astype(np.float32)

    def zeros(*shape: int) -> Any:
        return np.zeros(shape, np.float32)

    def linear(part: Any, weight: Any) -> None:
        part.weight, part.bias = weight.astype(np.float32), zeros(weight.shape[0])

    def even(part: Any) -> None:
        part.gamma, part.beta = np.ones(width, np.float32), zeros(width)

    spec: Any = transformer_spec.TransformerSpec.from_config(layers, 1, pre_norm=True)
    encoder, decoder = spec.encoder, spec.decoder
    token, place = signs(size, tokens), signs(longest, places)
    encoder.scale_embeddings = decoder.scale_embeddings = False
    encoder.embeddings[0].weight = np.hstack([token, zeros(size, places)])
    decoder.embeddings.weight = zeros(size, width)  # what was said before does not matter
    positions = np.hstack([zeros(longest, tokens), place])
    encoder.position_encodings.encodings = positions
    decoder.position_encodings.encodings = positions.copy()
    for part in (encoder, decoder):
        even(part.layer_norm)
        for layer in part.layer:
            even(layer.self_attention.layer_norm)
            even(layer.ffn.layer_norm)
            linear(layer.self_attention.linear[0], zeros(3 * width, width))
            linear(layer.self_attention.linear[1], zeros(width, width))
            linear(layer.ffn.linear_0, zeros(4 * width, width))
            linear(layer.ffn.linear_1, zeros(width, 4 * width))
    query, key, value, output = (zeros(width, width) for _ in range(4))
    query[tokens:, tokens:] = np.eye(places) * 20  # a sharp look at one's own place
    key[tokens:, tokens:] = np.eye(places)
    value[:tokens, :tokens] = np.eye(tokens)
    output[:tokens, :tokens] = np.eye(tokens) * 4
    for at, layer in enumerate(decoder.layer):
        last = at == layers - 1
        even(layer.attention.layer_norm)
        linear(layer.attention.linear[0], query if last else zeros(width, width))
        linear(layer.attention.linear[1], np.vstack([key, value]))
        linear(layer.attention.linear[2], output if last else zeros(width, width))
    known = {piece: number for number, piece in enumerate(pieces)}
    projection, bias = zeros(size, width), np.full(size, -50.0, np.float32)
    for number, piece in enumerate(pieces):
        counterpart = known[mapping.get(piece, piece)]
        projection[counterpart, :tokens] += token[number]
        bias[counterpart] = 0
    decoder.projection.weight, decoder.projection.bias = projection, bias
    spec.config.add_source_eos = True
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir()
    spec.save(str(folder))
