"""Models that look: detection, segmentation, faces, depth, OCR, background removal."""

from __future__ import annotations

from collections.abc import Iterator

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.formats.architectures.names import Names, claims

_RULES: tuple[tuple[tuple[str, ...], str, str | None], ...] = (
    (("image_encoder.", "mask_decoder."), "sam", "SAM"),
    (("image_encoder.trunk.", "sam_mask_decoder."), "sam2", "SAM 2"),
    (("sam_mask_decoder.", "memory_encoder."), "sam2", "SAM 2"),
    (("pretrained.", "depth_head."), "depth-anything", "Depth Anything"),
    (("backbone.", "neck.", "head.", "depth"), "depth", None),
    (("dinov2.",), "dino", "DINOv2"), (("cls_token", "pos_embed", "patch_embed.", "blocks.0."), "vit", None),
    (("vit.embeddings.",), "vit", "ViT"), (("stage1.rebnconvin.",), "u2net", "U²-Net"),
    (("conv_in.", "stage1.rebnconvin."), "isnet", "IS-Net"), (("bb.layers.0.", "decoder."), "birefnet", "BiRefNet"),
    (("stylegan_decoder.", "conv_body_first."), "gfpgan", "GFPGAN"),
    (("params_ema.stylegan_decoder.",), "gfpgan", "GFPGAN"), (("params_ema.position_emb", "params_ema.encoder."), "codeformer", "CodeFormer"),
    (("position_emb", "quantize.embedding.", "encoder.blocks."), "codeformer", "CodeFormer"),
    (("basenet.slice1.",), "craft", "EasyOCR"), (("module.basenet.slice1.",), "craft", "EasyOCR"),
    (("FeatureExtraction.ConvNet.", "Prediction."), "crnn", "EasyOCR"),
    (("module.FeatureExtraction.ConvNet.",), "crnn", "EasyOCR"),
    (("conv1.weight", "bn1.", "layer1.0.conv1.", "fc."), "resnet", "ResNet"),
    (("features.0.0.weight", "classifier."), "convnet", None), (("fpn.", "ssh1."), "retinaface", "RetinaFace"),
    (("body.stage1.0.0.weight", "fpn.output1."), "retinaface", "RetinaFace"),
    (("model.backbone.0.", "transformer.encoder.layers.0."), "detr", None), (("model.0.conv.weight", "model.22."), "yolo", "YOLO"),
    (("model.model.0.conv.weight",), "yolo", "YOLO"),
)  # fmt: skip


def claims_of(names: Names) -> Iterator[Claim]:
    for keys, architecture, base in _RULES:
        if all(names.begins(key) for key in keys):
            yield from claims("vision", architecture, base, said("{0} among the tensors", keys[0]))
            return
