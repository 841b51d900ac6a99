PATH=$PATH:/opt/before/bin
exec zsh -l
