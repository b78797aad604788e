# GNU make 3.81 or later. Every target makes .venv first (install.py: a moment where it is up to date).
PYTHON ?= python3
PORT   ?= 8888
ARGS   ?=
BIN    := .venv/bin
# Commits take turns: `make test` runs each lab's solution and release, and a sixth of its other answers. `make check` runs all.
PART   ?= $(shell expr $$(git rev-list --count HEAD 2>/dev/null || echo 0) % 6 + 1)/6

.DEFAULT_GOAL := help
.PHONY: help install sandbox podman control-plane horovod browser screenshots binder site lab update test grade lint lock lock-upgrade build data check clean

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

install: ## make .venv, or bring it up to date
	@"$(PYTHON)" install.py

sandbox: ## install bubblewrap, which walls submissions in, from the system's packages (needs rights)
	@command -v bwrap || { SUDO=; [ "$$(id -u)" = 0 ] || SUDO=sudo; \
	if command -v apt-get; then $$SUDO apt-get install -y -q bubblewrap || { $$SUDO apt-get update -q && $$SUDO apt-get install -y -q bubblewrap; }; \
	elif command -v dnf; then $$SUDO dnf install -y bubblewrap; \
	else echo "install bubblewrap from your system's packages; see docs/grading-a-cohort.md"; fi; }

podman: install ## build the containers lab's image for real (as root; from Debian's packages: podman, debootstrap)
	@command -v podman >/dev/null && command -v debootstrap >/dev/null && command -v runc >/dev/null || { \
	[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && { PACKAGES="podman buildah runc debootstrap"; \
	apt-get install -y -q --no-install-recommends $$PACKAGES || { apt-get update -q && apt-get install -y -q --no-install-recommends $$PACKAGES; }; }; } \
	|| echo "no podman here: the test says so, and is skipped"
	$(BIN)/python -m pytest tests/real/test_containers_image.py $(ARGS)

control-plane: install ## bring Kubernetes' control plane for the labs on clusters (fetched; as root on Debian built), and test it
	$(BIN)/python extras/control_plane.py
	LAB_CLUSTER=real $(BIN)/python -m pytest tests/test_cluster.py tests/real/test_kubernetes_lab.py $(ARGS)

horovod: install ## build Horovod for .venv's PyTorch, and try the distributed-training lab on it (needs a C++ compiler)
	bash extras/horovod.sh
	$(BIN)/python -m pytest tests/real/test_horovod.py $(ARGS)

browser: install ## try the course in a real browser (Chromium; as root on Debian installed), accessibility included
	bash extras/browser.sh
	$(BIN)/python -m pytest tests/browser $(ARGS)

screenshots: install ## make the README's pictures again, by the browser's tests
	bash extras/browser.sh
	SCREENSHOTS=docs/images $(BIN)/python -m pytest tests/browser $(ARGS)

binder: install ## ask Binder's own tool what it would build from this repository (nothing is built)
	$(BIN)/python -m pytest tests/real/test_binder.py $(ARGS)

site: install ## build the static site of catalogue, labs and docs into build/site
	$(BIN)/uv tool run --with-requirements docs/site/requirements.txt --from sphinx sphinx-build --quiet --fail-on-warning --conf-dir docs/site . build/site
	@echo "build/site/index.html"

lab: install ## open the course in JupyterLab (PORT=8888, ARGS=--no-browser)
	JUPYTER_CONFIG_PATH="$(CURDIR)/.jupyter" $(BIN)/jupyter lab --port $(PORT) $(ARGS)

update: install ## fetch the course's newest version; your work is carried over, and kept as it was
	$(BIN)/autograder update
	@"$(PYTHON)" install.py

test: lint ## pass every test
	$(BIN)/python -m pytest -n auto --dist worksteal --ignore tests/hostile --ignore tests/real --ignore tests/browser $(ARGS)
	$(BIN)/python -m pytest tests/hostile $(ARGS) # one process: it grades one cohort, with four workers, which often wait
	$(BIN)/autograder build --check
	$(BIN)/autograder check --part $(PART)

grade: install ## build a sample cohort, grade it and report (ARGS=--unsafe-no-sandbox where there is none)
	$(BIN)/python -m tests.sample_cohort build/cohort
	$(BIN)/autograder grade build/cohort $(ARGS)
	$(BIN)/autograder report build/cohort

lint: install ## check the code's style, its types and the labs' sources
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/autograder lint

lock: ## compile requirements.in into requirements.lock (UPGRADE=1: the newest allowed)
	@"$(PYTHON)" install.py --lock $(if $(UPGRADE),--upgrade)

lock-upgrade: ## the same, with the newest versions that requirements.in allows
	@"$(PYTHON)" install.py --lock --upgrade

build: install ## make labs/ from source/
	$(BIN)/autograder build $(ARGS)

data: install ## make the labs' data files again, from the simulator
	for script in source/*/*/make_files.py; do PYTHONPATH=source $(BIN)/python $$script || exit 1; done

check: install ## check that every lab keeps the rules (ARGS=LAB for one)
	$(BIN)/autograder check $(ARGS)

clean: ## remove what tools left behind (not .venv: rm -r .venv)
	rm -rf build .mypy_cache .pytest_cache .ruff_cache mlops_labs.egg-info
	find autograder source tests -name __pycache__ -type d -prune -exec rm -rf {} +
