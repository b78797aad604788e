"""Images as files: writes what `docker save` writes."""

import gzip
import hashlib
import io
import json
import tarfile

LAYER = "application/vnd.oci.image.layer.v1.tar"


def _add(archive, name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def layer_of(files):
    """Return a layer, the bytes of a tar archive, with the files: {path: bytes}."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            _add(archive, name, content)
    return stream.getvalue()


def write_archive(path, steps, env=(), zipped=(), tag="alarm:2.4"):
    """Write an image archive.

    `steps`: pairs of an instruction, as `docker history` shows it, and the files of its layer, or None where it makes none; `zipped`: the
    numbers of the steps whose layers are compressed.
    """
    blobs, layers, history = {}, [], []

    def blob(content):
        digest = hashlib.sha256(content).hexdigest()
        blobs[digest] = content
        return digest

    diffs = []
    for number, (text, files) in enumerate(steps):
        history.append(
            {"created": f"2026-03-05T16:{number:02}:00Z", "created_by": text, **({"empty_layer": True} if files is None else {})}
        )
        if files is not None:
            plain = layer_of(files)
            diffs.append(f"sha256:{hashlib.sha256(plain).hexdigest()}")
            content = gzip.compress(plain, mtime=0) if number in zipped else plain
            media = LAYER + ("+gzip" if number in zipped else "")
            layers.append({"mediaType": media, "digest": f"sha256:{blob(content)}", "size": len(content)})
    config = {"architecture": "amd64", "os": "linux", "config": {"Env": list(env), "Cmd": ["/bin/sh", "-c", "sh entrypoint.sh"]}}
    config |= {"rootfs": {"type": "layers", "diff_ids": diffs}, "history": history}
    config_content = json.dumps(config).encode()
    described = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": f"sha256:{blob(config_content)}",
        "size": len(config_content),
    }
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": described, "layers": layers}
    ).encode()
    index = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": f"sha256:{blob(manifest)}", "size": len(manifest)}
    names = {one["digest"]: f"blobs/sha256/{one['digest'].removeprefix('sha256:')}" for one in [*layers, described]}
    with tarfile.open(path, "w") as archive:
        for digest, content in sorted(blobs.items()):
            _add(archive, f"blobs/sha256/{digest}", content)
        _add(archive, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        _add(archive, "index.json", json.dumps({"schemaVersion": 2, "manifests": [index]}).encode())
        _add(
            archive,
            "manifest.json",
            json.dumps(
                [{"Config": names[described["digest"]], "RepoTags": [tag], "Layers": [names[one["digest"]] for one in layers]}]
            ).encode(),
        )
