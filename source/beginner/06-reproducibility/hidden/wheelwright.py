"""Packs wheels: ZIP files with a module and what installers want to know of it."""

import base64
import hashlib
import zipfile


def pack(folder, name, version, code, requires=(), called=None, table=""):
    """Write a wheel with one module, and a table of data if there is one, into the folder, byte for byte the same each time.

    Its metadata may spell the name otherwise: `called`.
    """
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {called or name}\nVersion: {version}\n" + "".join(
        f"Requires-Dist: {line}\n" for line in requires
    )
    wheel = "Wheel-Version: 1.0\nGenerator: make_files\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    inside = {f"{name}.py": code, **({f"{name}_table.csv": table} if table else {}), f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel}
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in inside.items())
    inside[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        for inner, text in inside.items():
            file.writestr(zipfile.ZipInfo(inner, (2025, 9, 1, 12, 0, 0)), text)
    return path


def _digest(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
