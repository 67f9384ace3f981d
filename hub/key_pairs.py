"""Tokens that key pairs sign and prove (RFC 7515). Imported only where there is such a key: cryptography takes 8 MiB."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jwt as tokens
from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError, SecurityWarning

KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
CURVES = {"ES256": ("P-256",), "ES384": ("P-384",), "EdDSA": ("Ed25519", "Ed448")}
RSA_BITS = 2048
"""RFC 7518 §3.3: a key of this size or larger must be used."""


@lru_cache(32)
def _key(pem: str, algorithm: str) -> jwk.Key:
    written = pem.replace("\\n", "\n")  # environment variables often hold line ends as two characters
    curves = CURVES.get(algorithm)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of a key's size, which is judged below
            key: Any = jwk.JWKRegistry.import_key(written, KINDS[algorithm[:2]])
        curve = key.curve_name if curves else ""
    except Exception as exc:  # a curve that is not known is a KeyError, or cryptography's own error
        raise ValueError(f"the key can't be read as one for {algorithm}") from exc
    if curves and curve not in curves:
        raise ValueError(f"{algorithm} needs a key on the curve {' or '.join(curves)}, and this one is on {curve}")
    if not curves and key.raw_value.key_size < RSA_BITS:
        raise ValueError(f"{algorithm} needs a key of at least {RSA_BITS} bits, and this one has {key.raw_value.key_size}")
    return key  # type: ignore[no-any-return]


def check(pem: str, algorithm: str) -> None:
    """Raises `ValueError` with a sentence where the PEM holds no key for this algorithm."""
    _key(pem, algorithm)


def signed(claims: Mapping[str, Any], pem: str, algorithm: str, **header: str) -> str:
    """A JWT with these claims, times in whole seconds. Raises `ValueError` where the PEM holds no key that signs so."""
    try:
        return jwt.encode({"alg": algorithm, **header}, dict(claims), _key(pem, algorithm), [algorithm])
    except JoseError as exc:
        raise ValueError(f"the key does not sign by {algorithm}") from exc


def proved(token: str, pem: str, algorithm: str) -> bool:
    """Whether the key signed it by this algorithm. What it claims is not looked at; what else its header says is ignored, as
    RFC 7515 §4 asks for: joserfc's own reading refuses what it does not know."""
    try:
        read = tokens.decode_complete(token, options={"verify_signature": False})
        if read["header"].get("alg") != algorithm:
            return False
        what = token.encode().rpartition(b".")[0]
        return bool(jws.JWSRegistry.algorithms[algorithm].verify(what, read["signature"], _key(pem, algorithm)))
    except (tokens.PyJWTError, JoseError, ValueError, TypeError):
        return False
