"""What looks like a name of a person in a log, by Rosa: regular expressions, each a named group. Join them with |, in this order."""

KINDS = [
    r"(?P<stays>\b(?:station=|trip |request )\d+|\b(?:version|firmware) [\d.]*\d|(?<==)\d+\.\d+(?!\.?\d))",
    r"(?P<number>(?<=\brider=)\d+)",
    r"(?P<email>(?<![\w.+'-])[\w.+'-]+@[\w-]+(?:\.[\w-]+)+)",
    r"(?P<ip>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d))",
    r"(?P<phone>(?<![\w.])(?:\+|0)(?:[ ().-]{0,2}\d){8,15}(?!\d))",
    r"(?P<card>(?<![\w.])(?:\d{13,19}|\d{4}(?:[ -]\d{4}){3})(?!\d))",
]
