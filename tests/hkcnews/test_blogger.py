"""The blogger's block is found whatever its element; who else stands on the page is not in it; and a role without a
block is a fault."""

from __future__ import annotations

from tests.demo.chrome import head
from tests.demo.chrome import page as chrome
from tests.hkcnews.cases import Case, page_with
from tests.walking import walked

ROLES = ("博客", "主筆", "Blogger", "Editorial Writer")
IMG = '<img src="/uploads/avatars/11aa22bb.png?1288" alt="{0} | 榕樹頭">'
INSIDE = IMG + "<h4>{0} | 榕樹頭</h4><p>退休後改寫字。</p>"
COLUMNS = (
    '<div class="row"><div class="col"><a href="/blogger/x-22">'
    + IMG
    + '</a></div><div class="col"><h4>{0} | 榕樹頭</h4><p>退休後改寫字。</p></div></div>'
)
AROUND = {
    **{
        name: (f"<{name}>", f"</{name}>")
        for name in ("aside", "section", "footer", "header", "div", "article", "figure", "li", "address")
    },
    "a column": ('<div class="sidebar col-md-4">', "</div>"),
    "an aside in a foot": ('<footer class="foot"><aside id="author">', "</aside></footer>"),
    "an unknown element": ("<author-box>", "</author-box>"),
}
FOOT = '<footer class="wrapper footer"><ul><li>私隱</li><li>© 眾新聞</li></ul></footer></body>'


def check(case: Case, role: str = "博客", biography: str = "退休後改寫字。") -> None:
    article = case.article()
    assert [(blogger.name, blogger.biography) for blogger in article.bloggers] == [(f"{role} | 榕樹頭", biography)]
    assert article.bloggers[0].avatar.endswith("/uploads/avatars/11aa22bb.png?1288")
    assert (article.body, article.faults) == ("字。", ())


@walked("inside", [INSIDE, COLUMNS])
@walked("around", AROUND.values(), ids=AROUND.keys())
@walked("role", ROLES)
def test_the_block_in_any_element_beside_the_body(role: str, around: tuple[str, str], inside: str) -> None:
    block = inside.format(role).join(around)
    check(page_with("<p>字。</p>", after=block), role)
    check(page_with("<p>字。</p>").having(("</div></div></body>", f"</div>{block}</div>{FOOT}")), role)
    check(page_with("<p>字。</p>").having(("</div></div></body>", f"</div></div>{block}{FOOT}")), role)


@walked("bar", ["|", " | ", "｜", " ｜ ", "￨", "│"])
def test_a_bar_of_any_width(bar: str) -> None:
    block = f"<aside>{INSIDE.format('主筆')}</aside>".replace(" | ", bar)
    assert [blogger.name for blogger in page_with("<p>字。</p>", after=block).article().bloggers] == [
        f"主筆{bar}榕樹頭"
    ]


ASIDE = f"<aside>{INSIDE}</aside>"


def others(*names: str) -> str:
    """Blocks about other bloggers, each in a box."""
    return "".join(f"<div>{INSIDE}</div>".replace("榕樹頭", name).replace("11aa", name) for name in names)


def beside(after: str) -> Case:
    return page_with("<p>字。</p>", after=after)


def at_the_foot(html: str) -> Case:
    return page_with("<p>字。</p>").having(("</body>", f"{html}</body>"))


SAME = {
    "in the body": page_with(f"<p>字。</p>{ASIDE}"),
    "in the foot of the page": at_the_foot(f"<footer><div>{INSIDE}</div><p>© 眾新聞</p></footer>"),
    "no description": beside(ASIDE.replace(' alt="{0} | 榕樹頭"', "")),
    "the name in parts": beside(ASIDE.replace("<h4>{0} | 榕樹頭</h4>", "<h4><i>{0}</i> | <b>榕樹頭</b></h4>")),
    "the biography outside": beside(f"<aside><div>{IMG}<h4>{{0}} | 榕樹頭</h4></div><div>退休後改寫字。</div></aside>"),
    "the name without an element": beside(f"<aside>{IMG}{{0}} | 榕樹頭<br>退休後改寫字。</aside>"),
    "the name in a paragraph with the biography": beside(
        f"<aside><p>{IMG}{{0}} | 榕樹頭<br>退休後改寫字。</p></aside>"
    ),
    "role and name apart": beside(ASIDE.replace("<h4>{0} | 榕樹頭</h4>", "<span>{0}</span><h4>榕樹頭</h4>")),
    "a table": beside(f"<table><tr><td>{IMG}</td><td><b>{{0}} | 榕樹頭</b><br>退休後改寫字。</td></tr></table>"),
    "a list of terms": beside(f"<dl><dt>{IMG}{{0}} | 榕樹頭</dt><dd>退休後改寫字。</dd></dl>"),
    "lazily loaded": beside(ASIDE.replace("src=", 'src="/placeholder.gif" data-src=')),
    "beside cards": beside(f'<div>{ASIDE}</div><div class="related">{INSIDE}</div>'),
    "beside an avatar without words": beside(
        f'{ASIDE}<div class="login"><img src="/uploads/avatars/default.jpg"></div>'
    ),
    "twins": beside(f'<aside class="visible-xs">{INSIDE}</aside><aside class="hidden-xs">{INSIDE}</aside>'),
    "twins in one": beside(f'<aside><i class="visible-xs">{IMG}</i><i class="hidden-xs">{IMG}</i>{INSIDE}</aside>'),
    "twins of the name": beside(ASIDE.replace("<h4>", '<h4 class="visible-xs">榕樹頭</h4><h4 class="hidden-xs">')),
    "nothing that encloses it and the body but the page": (
        at_the_foot(ASIDE).having(
            ('<div class="container"><div class="article-wrapper">', ""), ("</div></div><aside", "</div><aside")
        )
    ),
    "other bloggers in a list": (
        beside(ASIDE).having(("</body>", f"<section><h3>熱門博客</h3>{others('甲', '乙')}</section></body>"))
    ),
    "a label that speaks of more": beside(f"<h3>更多</h3>{ASIDE}").having(("記者甄小帆", "榕樹頭")),
    "other bloggers beside": at_the_foot(ASIDE + others("甲", "乙")).having(("記者甄小帆", "榕樹頭")),
}


@walked("case", SAME.values(), ids=SAME.keys())
def test_the_block_alone_wherever_it_stands(case: Case) -> None:
    check(Case(case.html.replace("{0}", "博客").encode()))


def test_a_block_that_is_all_a_link_keeps_it() -> None:
    article = beside(f'<a href="/blogger/x-22">{INSIDE.format("博客")}</a>').article()
    assert [blogger.biography for blogger in article.bloggers] == [
        "[退休後改寫字。](/web/20210712003330/https://www.hkcnews.com/blogger/x-22)"
    ]


def test_two_authors_have_a_block_each() -> None:
    case = Case(beside(others("甲生", "乙生", "丙生")).html.replace("{0}", "博客").encode()).having(
        ("記者甄小帆", "甲生、丙生")
    )
    assert [blogger.name for blogger in case.article().bloggers] == ["博客 | 甲生", "博客 | 丙生"]


_LONG = "他做過博客 | 主筆，也做過編輯，後來又回到燈塔，每天記下天氣、船隻和飛鳥。" * 3
NOBODY = {
    "a list of bloggers": at_the_foot(others("甲", "乙", "丙")),
    "a card": beside(f'<div class="article-block">{INSIDE}</div>'),
    "related": beside(f'<aside class="related">{INSIDE}</aside>'),
    "navigation": page_with("<p>字。</p>").having(("<body>", f"<body><nav><div>{INSIDE}</div></nav>")),
    "an avatar in an aside that names nobody": beside('<aside><img src="/uploads/avatars/1.png"><p>登入</p></aside>'),
    "a caption with a bar": beside('<aside><img src="/news/1.jpg" alt="圖 | 甲"><p>說明</p></aside>'),
    "a role in a text": beside(f"<p>{_LONG}</p><p>{_LONG[3:]}</p>"),
    "only the words": beside("<p>博客 主筆 Blogger Editorial Writer</p>"),
}


@walked("case", NOBODY.values(), ids=NOBODY.keys())
def test_who_has_nothing_to_do_with_the_article(case: Case) -> None:
    article = Case(case.html.replace("{0}", "博客").encode()).article()
    assert (article.bloggers, article.faults, article.body) == ((), (), "字。")


ONLY_NAMED = {
    "a name": "<p>{} | 榕樹頭</p>",
    "a name and a text": "<div><h4>{} | 榕樹頭</h4><p>退休後改寫字。</p></div>",
    "a name in parts": "<div><span>{}</span>&nbsp;|&nbsp;<a href='/x'>榕樹頭</a></div>",
    "a full-width bar": "<p>{}｜榕樹頭</p>",
    "a bar by its name": "<p>{} &#124; 榕樹頭</p>",
    "in an aside": "<aside><b>{} | 榕樹頭</b></aside>",
    "a picture's description": '<img src="/x.png" alt="{} | 榕樹頭">',
    "nothing that encloses picture and name": (
        '<img src="/uploads/avatars/1.png"><h4>{} | 榕樹頭</h4><p>退休後改寫字。</p>'
    ),
}


@walked("after", ONLY_NAMED.values(), ids=ONLY_NAMED.keys())
@walked("role", ROLES)
def test_a_role_without_a_block_is_a_fault(role: str, after: str) -> None:
    article = page_with("<p>字。</p>", after=after.format(role)).article()
    (fault,) = article.faults
    assert (fault.startswith("the page names a blogger, “"), role in fault, "榕樹頭" in fault) == (True, True, True)
    assert article.bloggers == ()


ELSEWHERE_NAMED = {
    "in the byline": ("記者甄小帆", "博客 | 榕樹頭", ""),
    "in the metadata alone": ("撰文: 記者甄小帆 | ", "", '<meta name="author" content="博客 | 榕樹頭">'),
}


@walked("named", ELSEWHERE_NAMED.values(), ids=ELSEWHERE_NAMED.keys())
def test_so_is_one_named_as_the_author(named: tuple[str, str, str]) -> None:
    before, byline, head_element = named
    article = page_with("<p>字。</p>", head=head_element).having((before, byline)).article()
    assert article.faults == ("the page names a blogger, “博客 | 榕樹頭”, but no block about him was found",)


def test_in_the_sites_chrome() -> None:
    parts = (
        '<h1>燈塔日誌</h1><div class="article-info">撰文: 榕樹頭 | 發佈日期: 12.07.21</div><div'
        ' class="article-content"><p>字。</p></div>'
    )
    html = chrome(
        head("眾新聞 - 燈塔日誌", "燈塔日誌", (), "/article/34011"),
        f"<div>{parts}</div>",
        beside=f"<aside>{INSIDE.format('博客')}</aside>",
    )
    check(Case(html.encode()))
