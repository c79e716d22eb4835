"""python main.py [serve|user|token|import|check|rebuild|db|bench ...]"""

import sys

from app.cli import main

if __name__ == '__main__':
    sys.exit(main())
