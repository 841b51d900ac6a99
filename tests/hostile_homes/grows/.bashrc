for n in {1..9000}; do
  PATH=$PATH:/opt/go/bin/$n/of/9000
done
