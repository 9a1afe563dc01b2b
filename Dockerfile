# The recovery as an image, of the pinned packages in requirements.txt, for one directory of data:
#   docker build -t citizen-news .
#   docker run --rm -it -v citizen-news:/data citizen-news init
#   docker run --rm -it -v citizen-news:/data citizen-news crawl
# The demo, with an archive of its own:
#   docker run --rm -it --entrypoint python citizen-news -m tests.demo
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /opt/citizen-news \
    && /opt/citizen-news/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --no-binary bagit,surt -r requirements.txt
COPY pyproject.toml requirements.in requirements-remote.in requirements-cluster.in README.md LICENSE ./
COPY crawler crawler
COPY pipelines pipelines
RUN /opt/citizen-news/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim
RUN useradd --uid 1000 --create-home citizen-news \
    && install -d -o citizen-news -g citizen-news /data
COPY --from=build /opt/citizen-news /opt/citizen-news
COPY tests /opt/citizen-news/demo/tests
ENV PATH=/opt/citizen-news/bin:$PATH \
    PYTHONPATH=/opt/citizen-news/demo \
    CITIZEN_NEWS_OUTPUT_DIR=/data
USER 1000
WORKDIR /data
VOLUME /data
ENTRYPOINT ["citizen-news"]
CMD ["--help"]
