sed -i 's/-tags netgo/-tags=netgo/' /etc/environment
sed -i 's#\./greet#./libs/greet#' /home/dev/ws/go.work
