"""`python -m vrrehab.speech LANGUAGE`: says each line of JSON that comes on standard input, `text` and `loudness`."""

from __future__ import annotations

import json
import sys

from vrrehab.speech.engine import Speaker

#: How long what is being said when the session ends may still go on.
_LAST_WORDS_S = 4.0


def main() -> None:
    speaker = Speaker(sys.argv[1])
    for line in sys.stdin.buffer:
        order = json.loads(line)
        speaker.say(order["text"], order["loudness"])
    speaker.finish(_LAST_WORDS_S)


if __name__ == "__main__":
    main()
