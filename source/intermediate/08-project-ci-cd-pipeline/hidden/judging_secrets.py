"""What the judge cells of secrets share: patches and keys."""

import string


def make_key(kind, chance):
    """Return a key of a kind, made up."""
    letters = string.ascii_letters + string.digits
    if kind == "pem":
        return f"-----BEGIN {chance.choice(['RSA ', 'EC ', 'OPENSSH ', ''])}PRIVATE KEY-----"
    prefix, size, alphabet = {
        "mbk": ("mbk_", 32, letters),
        "ghp": ("ghp_", 36, letters),
        "aws": ("AKIA", 16, string.ascii_uppercase + string.digits),
    }[kind]
    return prefix + "".join(chance.sample(alphabet, 10) + chance.choices(alphabet, k=size - 10))


def patch_of(name, lines):
    """Return a patch that changes one file; the lines with their signs. As Git does, with a tab behind a path with spaces."""
    tab = "\t" if " " in name else ""
    return (
        f"diff --git a/{name} b/{name}\nindex 1111111..2222222 100644\n--- a/{name}{tab}\n+++ b/{name}{tab}\n@@ -1,{len(lines)} +1,{len(lines)} @@\n"
        + "".join(f"{line}\n" for line in lines)
    )


def found_in(find_secrets, patch):
    """Return what the learner's function finds: pairs of file and secret, as texts."""
    found = find_secrets(patch)
    if not isinstance(found, (list, tuple)) or not all(isinstance(one, dict) and {"file", "secret"} <= set(one) for one in found):
        raise AssertionError(f"find_secrets returned {found!r}, expected a list of dictionaries with 'file' and 'secret'.")
    return [(str(one["file"]), str(one["secret"])) for one in found]
