"""What looks like a name of a person in a log, by Rosa: regular expressions, each a named group. Join them with |, in this order."""

BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"  # 0 to 255
KINDS = [
    r"(?P<stays>\b(?:station=|trip |request )\d+|\b(?:version|firmware) [\d.]*\d|(?<==)\d+\.\d+(?!\.?\d))",
    r"(?P<number>(?<=\brider=)\d+)",
    r"(?P<email>(?<![\w.+-])(?<!\w')[\w.+-](?:[\w.+'-]*[\w.+-])?@[\w-]+(?:\.[\w-]+)+)",
    rf"(?P<ip>(?<![\w.]){BYTE}(?:\.{BYTE}){{3}}(?!\.?\d))",
    r"(?P<phone>(?<![\w.])(?:\+\d|0)(?:[ ().-]{0,2}\d){8,14}(?![ ().-]{0,2}\d))",
]
