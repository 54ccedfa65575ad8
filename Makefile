# The commands of the project. Each is one line here; what it does stands in Scripts/.

CAPTURE ?= Examples/sample.pcapng
SECONDS ?= 60
PREFIX  ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-tsan test-differential lint format bench soak fuzz install uninstall clean
# The targets share one build directory.
.NOTPARALLEL:

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Check the Swift version, install the missing Debian packages
	@Scripts/setup

demo: setup ## Build for release and show what is in CAPTURE (default: Examples/sample.pcapng)
	@Scripts/demo "$(CAPTURE)"

test: setup ## Build and run every test
	@Scripts/check test

test-tsan: setup ## Run the tests under the thread sanitizer
	@Scripts/check test-tsan

test-differential: setup ## Compare decoders with those of SwiftNIO, in a package of its own
	@Scripts/check test-differential

lint: setup ## Check the format of the sources and the scripts
	@Scripts/check lint

format: ## Rewrite the Swift sources in the project's format
	@Scripts/check format

bench: setup ## Compare speed, memory and results with the other tools installed here
	@Benchmarks/compare
	@touch Benchmarks/Package.swift # or files that came or went in this package are not seen
	@swift run --package-path Benchmarks -c release SketchSpeed
	@swift run --package-path Benchmarks -c release CaptureSpeed
	@Benchmarks/messages --parts
	@Benchmarks/storage
	@if [ "$$(id -u)" = 0 ]; then Benchmarks/live/run; else echo 'Live capture is measured as root only.'; fi

soak: setup ## Capture for an hour at a steady rate, and say whether memory stays flat (needs root)
	@Benchmarks/soak

fuzz: setup ## Run every fuzz target for SECONDS each (default: 60)
	@Scripts/fuzz "$(SECONDS)"

install: ## Install the program, its manual page and completions under PREFIX (default: /usr/local)
	@Scripts/install install "$(PREFIX)"

uninstall: ## Remove what install put under PREFIX
	@Scripts/install uninstall "$(PREFIX)"

clean: ## Remove everything that was built
	@rm -rf .build Fuzz/.build Benchmarks/.build Differential/.build
