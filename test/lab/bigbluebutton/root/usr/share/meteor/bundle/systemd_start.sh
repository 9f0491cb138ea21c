#!/bin/sh
# A backend instance: it serves nobody.
exec sleep infinity
