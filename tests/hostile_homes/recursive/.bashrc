. ~/.bash_profile
