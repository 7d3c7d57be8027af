#!/bin/sh
# Unpacks the documentation of a few Debian packages, whatever they depend on left alone: documents that others wrote.
# Usage: documents.sh FOLDER
set -eu
mkdir -p "$1"
cd "$1"
packages='bzip2-doc debian-faq debian-faq-ru debian-edu-doc-legacy-uk debian-refcard fasta3-doc fonts-sil-charis groff
  krb5-doc maint-guide maint-guide-ru r-cran-officer r-cran-rcpp'
# shellcheck disable=SC2086 # words
fetch() { apt-get download -qq -o APT::Sandbox::User=root $packages 2>/dev/null; }
fetch || { apt-get update -qq && fetch; }
for package in *.deb; do
  dpkg-deb -x "$package" .
  rm "$package"
done
find . -type f -name '*.gz' -exec gunzip -f {} +
