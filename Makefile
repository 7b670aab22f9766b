# One build serves run, test and check: release, with the same flags everywhere, because other flags
# (and `swift test` without --skip-build) make SwiftPM compile everything again.

SWIFT ?= swift
BUILD_PATH ?= .build
GALLERY ?= $(BUILD_PATH)/gallery
CHECKED_VERSIONS := 6\.[23]

# Warnings are errors with the compilers the project is checked with; a newer one's new warnings must not
# stop a newcomer.
STRICT := $(shell $(SWIFT) --version 2>/dev/null | grep -q 'Swift version $(CHECKED_VERSIONS)' \
  && echo -Xswiftc -warnings-as-errors)
FLAGS := -c release --scratch-path $(BUILD_PATH) $(STRICT)

# Homebrew's headers and libraries are not on the compiler's own paths.
ifeq ($(shell uname -s),Darwin)
  BREW := $(shell brew --prefix 2>/dev/null)
  FLAGS += -Xcc -I$(BREW)/include -Xlinker -L$(BREW)/lib
endif

export SWIFT
export MARTLET_COMMAND := $(abspath $(BUILD_PATH))/release/martlet
export MARTLET_MODULES := $(abspath $(BUILD_PATH))/release/Modules

TRAIN := --model convnet --dataset fashion-mnist --epochs 3 --validation last:0.1

.PHONY: help setup build run test test-kernels fuzz test-long sanitize check format format-check source-checks symbols docs \
  consumer benchmark reproduction interchange goldens clean build-all report-gallery check-page

help: ## Say what each target does.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## Install what is missing (libraries, headers, tools).
	@scripts/setup

build: setup ## Build the command.
	@scripts/build $(FLAGS) --product martlet

run: build ## Train a small network on Fashion-MNIST: all a fresh machine needs.
	@scripts/setup data
	@$(MARTLET_COMMAND) train $(TRAIN) $(ARGUMENTS)

build-all: setup
	@scripts/build $(FLAGS) --build-tests

test: build-all ## Build and run the tests, and the example as a package of its own.
	@scripts/setup tests
	@$(SWIFT) test $(FLAGS) --skip-build --disable-xctest
	@MARTLET_LIFE=short $(SWIFT) test $(FLAGS) --skip-build --disable-xctest --filter LongLifeTests
	@scripts/test-consumer
	@scripts/check-page

test-kernels: setup ## Compare the C kernels of all instruction sets, NEON's under an emulator.
	@scripts/test-kernels

fuzz: build-all ## A million almost right inputs for each parser (FUZZ=number).
	@MARTLET_FUZZ=$(or $(FUZZ),1000000) $(SWIFT) test $(FLAGS) --skip-build --disable-xctest --filter FuzzTests

test-long: build-all test-kernels ## More shapes; the tests again on the plain kernels and under the sanitizers.
	@scripts/setup tests
	@MARTLET_LONG=1 $(SWIFT) test $(FLAGS) --skip-build --disable-xctest --filter 'RandomShapeTests|RandomGraphTests|FaultTests|SystemKillTests'
	@MARTLET_LIFE=long $(SWIFT) test $(FLAGS) --skip-build --disable-xctest --filter LongLifeTests
	@MARTLET_ISA=plain $(SWIFT) test $(FLAGS) --skip-build --disable-xctest
	@scripts/sanitize

sanitize: setup ## Run three examples under the address and the thread sanitizer.
	@scripts/setup tests
	@scripts/sanitize short

check: setup format-check source-checks build-all symbols docs ## Everything but the tests: format, warnings, structure.

format: ## Format the sources.
	@$(SWIFT) format format --in-place --parallel --recursive Sources Tests Examples Package.swift

format-check:
	@$(SWIFT) format lint --strict --parallel --recursive Sources Tests Examples Package.swift

source-checks:
	@scripts/check-imports
	@scripts/check-sizes
	@scripts/check-sources
	@scripts/check-readme

symbols:
	@scripts/public-symbols

docs: build-all ## Make the reference of the public symbols in .build/docs.
	@scripts/api-docs $(BUILD_PATH)/docs

consumer: setup ## Build and run the example as a package of its own, without cairo.
	@scripts/test-consumer

benchmark: build ## Time training and predictions of Martlet and of its peers in one run.
	@Benchmarks/run $(ARGUMENTS)

reproduction: build ## Train every system beside PyTorch and Keras: takes a day (DATA=dir RESULTS=dir PAIRS="SYSTEM:SEED ...").
	@Benchmarks/reproduction/run "$(DATA)" "$(RESULTS)" "$(NOTE)" $(PAIRS)

report-gallery: build-all ## Draw every figure and page of the fixture runs (GALLERY=dir).
	@MARTLET_GALLERY="$(abspath $(GALLERY))" $(SWIFT) test $(FLAGS) --skip-build --disable-xctest --filter GalleryTests
	@echo "open $(GALLERY)/index.html"

check-page: build ## Try a report's page in a headless Chromium, where there is one.
	@scripts/check-page

interchange: build-all ## Move every system to PyTorch, Keras and ONNX Runtime and back (needs Python).
	@scripts/check-interchange

goldens: ## Make the reference results again with PyTorch and Keras (needs Python).
	@scripts/make-goldens

clean: ## Remove everything that was built.
	@rm -rf .build .build-*
