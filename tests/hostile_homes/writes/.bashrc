echo appended >> ~/kept
: > ~/emptied
touch ~/new ~/kept
mkdir ~/directory
rm ~/removed
mv ~/moved ~/elsewhere
ln -s /etc/passwd ~/link
chmod 777 ~/kept
echo x > ~/.config/go/env
PATH=$PATH:/opt/go/bin
