# ruff: noqa: RUF001 - full-width punctuation is meant
"""Random Chinese and Japanese text: common words, and characters drawn evenly from the common ranges."""

from functools import cache

from tools.int8.drawing.words import Rng, amount, code, number, phrase, pick

__all__ = ["characters", "chinese", "chinese_prose", "japanese"]

_WORDS = str.split("""
的 了 在 是 和 有 为 不 与 中国 我们 公司 北京 上海 技术 发展 经济 社会 管理 服务 信息 系统 工作 研究 问题 进行 通过
可以 市场 企业 国家 人民 生产 数据 方法 分析 时间 第一 以及 根据 规定 项目 建设 教育 学生 学校 医院 有限公司 报告
年度 增长 合同 金额 日期 电话 地址 姓名 编号 单位 价格 数量 合计 备注 说明 超市 餐厅 酒店 银行 出口 入口 欢迎光临
请勿吸烟 营业时间 小心地滑 停车场 洗手间 由于 因此 但是 其中 对于 关于 作为 并且 如果 已经 需要 提高 实现 主要 重要
目前 情况 影响 关系 条件 过程 结果 部分 方面 水平
""")
_STOPS = "，，，，，。。。、、；：！？"
_PAIRS = (("《", "》"), ("（", "）"), ("“", "”"), ("【", "】"))
_HIRAGANA = (
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへ"
    "ほまみむめもやゆよらりるれろわをんがぎぐげござじずぜぞだで"
)
_KATAKANA = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホ"
    "マミムメモヤユヨラリルレロワンガギグゲゴザジズゼダデドバビー"
)


@cache
def characters(standard: str) -> str:
    """The common characters of a national standard: level 1 of `gb2312` (3,755), or that of `big5` (5,401)."""
    leads, trails = {
        "gb2312": (range(0xB0, 0xD8), [*range(0xA1, 0xFF)]),
        "big5": (range(0xA4, 0xC7), [*range(0x40, 0x7F), *range(0xA1, 0xFF)]),
    }[standard]
    cells = (bytes([lead, trail]).decode(standard, errors="ignore") for lead in leads for trail in trails)
    return "".join(cell for cell in cells if len(cell) == 1 and "\u4e00" <= cell <= "\u9fff")


def chinese(rng: Rng, length: int, standard: str = "gb2312") -> str:
    """Chinese characters without punctuation.

    Args:
        rng: Source of randomness.
        length: How many.
        standard: `gb2312` for simplified characters, half of them in common words; `big5` for traditional ones.
    """
    text = ""
    while len(text) < length:
        is_word = standard == "gb2312" and rng.random() < 0.6
        text += pick(rng, _WORDS) if is_word else pick(rng, characters(standard))
    return text[:length]


def chinese_prose(rng: Rng, length: int, standard: str = "gb2312") -> str:
    """Chinese with punctuation, and with numbers and Latin words between.

    Args:
        rng: Source of randomness.
        length: How many characters, at the least.
        standard: See `chinese`.
    """
    text = ""
    while len(text) < length:
        roll = rng.random()
        clause = chinese(rng, int(rng.integers(3, 14)), standard)
        if roll < 0.15:
            clause += number(rng) + chinese(rng, 2, standard)
        elif roll < 0.22:
            clause += " " + phrase(rng, 1, 3) + " " + chinese(rng, 3, standard)
        elif roll < 0.30:
            opening, closing = pick(rng, _PAIRS)
            clause += opening + chinese(rng, int(rng.integers(2, 7)), standard) + closing
        elif roll < 0.34:
            clause += pick(rng, (amount(rng) + "元", code(rng, 6), "％", "～", "·"))
        text += clause + pick(rng, _STOPS)
    return text


def japanese(rng: Rng, length: int) -> str:
    """Kana, with a Chinese character between now and then."""
    kana = pick(rng, (_HIRAGANA, _KATAKANA))
    return "".join(pick(rng, characters("big5") if rng.random() < 0.25 else kana) for _ in range(length))
