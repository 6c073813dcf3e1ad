import sys

from deepselfie.cli import main

sys.exit(main())
