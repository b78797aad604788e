"""How much one may ask. As Cy wrote it: nobody has ever asked for too much."""


def install(app):
    pass
